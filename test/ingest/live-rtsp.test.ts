import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from './clips.js';
import { cameraClip, freePort, rtspCamera, rtspPython, Viewer } from './live-servers.js';

const python = await rtspPython();
const GENERAL = { connectTimeout: 20_000 };

let folder: string;
let remove: () => Promise<void>;
let clip: string;
let other: string;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  [clip, other] = await Promise.all([
    cameraClip(join(folder, 'clip.mkv')),
    cameraClip(join(folder, 'other.mkv'), { size: '192x144', rate: 10, codec: 'mpeg4' }),
  ]);
});

afterAll(() => remove());

describe
  .skipIf(!python)
  .concurrent("a camera on GStreamer's RTSP server (skipped where that is not installed)", () => {
    it.each(['tcp', 'udp'] as const)('is read over %s', async (transport) => {
      await using camera = await rtspCamera(python!, clip);
      await using viewer = new Viewer(`rtsp://127.0.0.1:${camera.port}/cam`, { ...GENERAL, transport });
      await viewer.more(20);
      const live = await viewer.event('live');
      expect(viewer.kinds()).toEqual(['connecting', 'live']);
      expect(live).toMatchObject({ reconnected: false, changed: false });
      expect(live.info).toMatchObject({
        kind: 'live',
        width: 320,
        height: 240,
        codec: 'h264',
        frameRate: 25,
      });
      expect(viewer.source.info).toEqual(live.info);
      const { frames } = viewer;
      expect(frames[0]).toMatchObject({ width: 320, height: 240, range: 'limited', matrix: 'bt601' });
      for (let i = 1; i < frames.length; i++) {
        const steps = frames[i].index - frames[i - 1].index;
        expect(steps).toBeGreaterThan(0);
        expect(frames[i].pts - frames[i - 1].pts).toBeCloseTo(steps * 0.04, 3);
      }
      expect(viewer.warnings).toEqual([]);
    });

    it('is waited for where it is absent, and found again after it was killed and came back as another', async () => {
      const port = await freePort();
      await using viewer = new Viewer(`rtsp://127.0.0.1:${port}/cam`, GENERAL);
      expect(await viewer.event('reconnecting')).toMatchObject({ code: 'SOURCE_UNREACHABLE' });
      expect(viewer.source.info).toBeUndefined();

      const first = await rtspCamera(python!, clip, { port });
      expect(await viewer.event('live')).toMatchObject({ reconnected: false, changed: false });
      await viewer.more(5);
      await first.kill();
      const after = viewer.events.length;
      await viewer.event('reconnecting', after);
      const before = viewer.frames.length;

      await using _second = await rtspCamera(python!, other, { port, codec: 'mpeg4' });
      const live = await viewer.event('live', after);
      expect(live).toMatchObject({ reconnected: true, changed: true });
      expect(live.info).toMatchObject({ width: 192, height: 144, codec: 'mpeg4' });
      await viewer.more(5);

      // One row of indexes and one clock, over the gap as long as it really was.
      const { frames } = viewer;
      for (let i = 1; i < frames.length; i++) {
        expect(frames[i].index).toBeGreaterThan(frames[i - 1].index);
        expect(frames[i].pts).toBeGreaterThan(frames[i - 1].pts);
      }
      const [last, next] = [frames[before - 1], frames[before]];
      expect(Math.abs(next.pts - last.pts - (next.wallTime - last.wallTime) / 1000)).toBeLessThan(0.5);
      expect([last.width, next.width]).toEqual([320, 192]);
    });

    it('that freezes is given up after the stall timeout, and found again when it goes on', async () => {
      await using camera = await rtspCamera(python!, clip);
      await using viewer = new Viewer(`rtsp://127.0.0.1:${camera.port}/cam`, {
        connectTimeout: 3000,
        stallTimeout: 1000,
      });
      await viewer.more(5);
      const before = viewer.events.length;
      await camera.kill('SIGSTOP');
      expect((await viewer.event('stalled', before)).seconds).toBeGreaterThanOrEqual(1);
      expect(await viewer.event('reconnecting', before)).toMatchObject({ code: 'SOURCE_STALLED' });
      const after = viewer.events.length;
      await camera.kill('SIGCONT');
      expect(await viewer.event('live', after)).toMatchObject({ reconnected: true, changed: false });
      await viewer.more(5);
    });

    it('that wants another password says so, keeps secrets, and is tried again', async () => {
      const port = await freePort();
      const first = await rtspCamera(python!, clip, { port, credentials: ['admin', 'sesame-open'] });
      const url = `rtsp://admin:hunter%32-wrong@127.0.0.1:${port}/cam`;
      await using viewer = new Viewer(url, GENERAL);
      const error = await viewer.event('error');
      expect(error).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining('401') });
      await viewer.event('reconnecting', viewer.events.indexOf(error));
      await first.kill();
      await using _second = await rtspCamera(python!, clip, {
        port,
        credentials: ['admin', 'hunter2-wrong'],
      });
      await viewer.event('live');
      expect(viewer.source.url).toBe(`rtsp://admin:***@127.0.0.1:${port}/cam`);
      expect(viewer.events.filter(({ kind }) => kind === 'error')).toHaveLength(1);
      expect(JSON.stringify([viewer.events, viewer.warnings, viewer.source.url])).not.toMatch(/hunter/);
    });

    it('without a stream of that name says so', async () => {
      await using camera = await rtspCamera(python!, clip);
      await using viewer = new Viewer(`rtsp://127.0.0.1:${camera.port}/none`, { reconnect: false });
      await viewer.over;
      expect(viewer.error).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
      expect(viewer.kinds()).toEqual(['connecting', 'error']);
    });
  });

describe.concurrent('an RTSP address behind which is no camera', () => {
  it.each([
    ['accepts and says nothing', '', 'CONNECT_TIMEOUT'],
    ['answers with garbage', '\0\u0001garbage\r\n\r\n'.repeat(400), 'NOT_A_VIDEO'],
  ])('but something that %s', async (_, answer, code) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      if (answer) socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      await using viewer = new Viewer(`rtsp://127.0.0.1:${port}/cam`, {
        connectTimeout: answer ? 15_000 : 500,
      });
      expect(await viewer.event('reconnecting')).toMatchObject({ code });
      // And again: nothing ever gives up.
      await viewer.event('reconnecting', viewer.events.length);
    } finally {
      server.close();
    }
  });
});
