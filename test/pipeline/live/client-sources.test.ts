import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Config } from '../../../src/pipeline/config/index.js';
import { checkClientSource } from '../../../src/pipeline/live/client-sources.js';

const folder = mkdtempSync(join(tmpdir(), 'siamtrack-open-'));
mkdirSync(join(folder, 'open/deep'), { recursive: true });
mkdirSync(join(folder, 'open-not'));
for (const name of ['open/a.mp4', 'open/deep/b.mp4', 'open-not/c.mp4']) writeFileSync(join(folder, name), '');
symlinkSync(join(folder, 'open-not/c.mp4'), join(folder, 'open/link.mp4'));
afterAll(() => rmSync(folder, { recursive: true }));

const allowed = (clientSources: object) => Config.parse({ clientSources }).clientSources;
const outcome = (source: string, sources: object = {}) =>
  checkClientSource(source, allowed(sources)).then(
    () => 'open',
    ({ code }) => code,
  );

describe('what clients may open', () => {
  it.each([
    'rtsp://93.184.216.34/a',
    'http://93.184.216.34/a.m3u8',
    'file:///etc/passwd',
    '/etc/passwd',
    'concat:/etc/passwd',
    'lavfi:movie=/etc/passwd',
    '/dev/video0',
    'v4l2:/dev/video0',
    'a.mp4',
  ])('is by default nothing: %s', async (source) => {
    expect(await outcome(source)).toBe('SOURCE_REFUSED');
  });

  it('is files in the folders named, wherever links lead', async () => {
    const folders = { folders: [join(folder, 'open')] };
    const of = (name: string) => outcome(join(folder, name), folders);
    expect(await of('open/a.mp4')).toBe('open');
    expect(await of('open/deep/../deep/b.mp4')).toBe('open');
    for (const name of [
      'open-not/c.mp4',
      'open/../open-not/c.mp4',
      'open/link.mp4',
      'open/none.mp4',
      'open/a.mp4\0',
    ])
      expect(await of(name), name).toBe('SOURCE_REFUSED');
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://localhost:6379/',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data',
    'http://192.168.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00::1]/',
    'http://user:pass@172.16.0.1/',
    'http:///x',
    'http://93.184.216.34/a|/etc/passwd',
    'rtsp://93.184.216.34/a',
  ])('is never a private network, nor another protocol: %s', async (source) => {
    expect(await outcome(source, { protocols: ['http'] })).toBe('SOURCE_REFUSED');
  });

  it('is an address on a host that may be opened', async () => {
    const sources = { protocols: ['rtsp'], hosts: ['cam.lan', '*.cams.example'], privateNetworks: true };
    expect(await outcome('rtsp://93.184.216.34/a', { protocols: ['rtsp'] })).toBe('open');
    expect(await outcome('rtsp://cam.lan/a', sources)).toBe('open');
    expect(await outcome('rtsp://Door.Cams.Example:554/a', sources)).toBe('open');
    expect(await outcome('rtsp://cams.example.evil.example/a', sources)).toBe('SOURCE_REFUSED');
    expect(await outcome('rtsp://evilcams.example/a', sources)).toBe('SOURCE_REFUSED');
  });
});
