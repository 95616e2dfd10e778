import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/pipeline/config/index.js';
import { SiamtrackClient } from '../../src/stream/index.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { CLIP } from '../stream/server/serving.js';
import { CliProcess } from './process.js';
import { siamtrack } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'siamtrack-serve-'));
const model = writeTinyModel();
afterAll(() => {
  for (const path of [folder, model]) rmSync(path, { recursive: true, force: true });
});

const running: CliProcess[] = [];
function start(...args: string[]): CliProcess {
  const served = new CliProcess('serve', '--port', '0', ...args);
  running.push(served);
  return served;
}
afterEach(async () => {
  for (const served of running.splice(0)) await served.kill();
});

/** Where the server is. */
const urlOf = async (served: CliProcess) => String((await served.line({ msg: 'listening' })).url);

describe('siamtrack serve', () => {
  it('serves what it is told, is watched, and ends in good order with status 0', async () => {
    const served = start(`first=${CLIP}`, CLIP, CLIP, '--loop', '--model', model);
    const url = await urlOf(served);
    const client = new SiamtrackClient(url);
    const { streams } = await client.connected();
    expect(streams.map(({ stream }) => stream)).toEqual(['first', 'clip', 'clip-2']);
    const watching = siamtrack(['watch', url, '--stream', 'first', '--events', 'targets', '--once']);
    await expect
      .poll(async () => (await (await fetch(`${url}/metrics`)).text()).match(/siamtrack_clients (\d)/)?.[1], {
        timeout: 30_000,
      })
      .toBe('2');
    await client.subscribe({ streams: ['first'] });
    await client.messages('boxes').next();
    // `watch` may have said hello and not yet subscribed: show targets until it has seen one.
    for (const target of ['a', 'b', 'c'])
      await client.send({ type: 'addTarget', stream: 'first', target, box: [20, 136, 56, 28] });
    client.close();
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    const { status, stdout, stderr } = await watching;
    expect([status, stderr]).toEqual([0, 'disconnected (1001: the server ends)\n']);
    for (const line of stdout.split('\n').filter(Boolean))
      expect(JSON.parse(line)).toMatchObject({ type: 'target', stream: 'first' });
    expect(served.lines.at(-1)?.msg).toBe('stream removed');
  });

  it('takes up changes of its configuration, by signal and by itself, and survives bad ones', async () => {
    const path = join(folder, 'siamtrack.yaml');
    const yaml = (heldFrames: number) => `
model: { name: "${model}" }
streams:
  - { name: same, source: "${CLIP}", loop: true }
  - { name: other, source: "${CLIP}", loop: true, heldFrames: ${heldFrames} }`;
    writeFileSync(path, yaml(10));
    const served = start('--config', path);
    await served.line({ msg: 'listening' });
    writeFileSync(path, yaml(11));
    expect(await served.line({ msg: 'configuration reloaded' })).toMatchObject({ changed: ['other'] });
    writeFileSync(path, 'streams: none');
    await served.line({ msg: 'the configuration was not reloaded; the one before goes on' });
    served.lines.length = 0;
    writeFileSync(path, yaml(11));
    served.child.kill('SIGHUP');
    expect(await served.line({ msg: 'configuration reloaded' })).toMatchObject({ changed: [] });
    served.child.kill('SIGINT');
    expect(await served.ended).toBe(0);
  });

  it('never logs a password or a token', async () => {
    const path = join(folder, 'secret.yaml');
    writeFileSync(
      path,
      `{ model: { name: "${model}" }, log: { level: debug }, server: { tokens: { control: [sesame-open] } },
         streams: [{ name: cam, source: "rtsp://admin:hunter2@127.0.0.1:9/s", connectTimeout: 2000 }] }`,
    );
    const served = start('--config', path);
    const url = await urlOf(served);
    expect((await fetch(`${url}/api/streams?token=sesame-open`)).status).toBe(200);
    expect((await fetch(`${url}/api/streams?token=sesame-wrong`)).status).toBe(401);
    const client = new SiamtrackClient(`${url}?token=sesame-open`);
    await client.connected();
    await served.line({ msg: 'stream reconnecting' });
    client.close();
    served.child.kill('SIGTERM');
    expect(await served.ended).toBe(0);
    expect(served.text).not.toMatch(/hunter2|sesame/);
  });

  it('prints its configuration, and refuses what it cannot serve', async () => {
    const [config, schema, open, port] = await Promise.all([
      siamtrack(['serve', '--print-config']),
      siamtrack(['serve', '--print-schema']),
      siamtrack(['serve', '--host', '0.0.0.0', '--model', model, '--port', '0'], {
        env: { SIAMTRACK_TOKEN: '' },
      }),
      siamtrack(['serve', '--port', '70000']),
    ]);
    expect(parseConfig(config.stdout)).toMatchObject({ streams: [] });
    expect(JSON.parse(schema.stdout)).toHaveProperty('properties.streams');
    expect([open.status, open.stderr]).toEqual([
      2,
      expect.stringMatching(/^INVALID_ARGUMENT: host: expected a loopback address, or tokens/),
    ]);
    expect(port.status).toBe(2);
    const protocol = await siamtrack(['protocol', '--schema']);
    expect(JSON.parse(protocol.stdout)).toHaveProperty('$defs.server');
  });
});
