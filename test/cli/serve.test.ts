import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/pipeline/config/index.js';
import { SiamtrackClient } from '../../src/stream/index.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { CLIP } from '../stream/server/serving.js';
import { MAIN, siamtrack } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'siamtrack-serve-'));
const model = writeTinyModel();
afterAll(() => {
  for (const path of [folder, model]) rmSync(path, { recursive: true, force: true });
});

/** A running server: what it logs, where it is, and how it ends. */
class Served {
  readonly child: ChildProcess;
  readonly lines: { msg: string; url?: string; changed?: string[] }[] = [];
  text = '';
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', ...args], {
      env: { ...process.env, SIAMTRACK_TOKEN: '' },
    });
    let rest = '';
    this.child.stderr?.on('data', (chunk) => {
      this.text += chunk;
    });
    this.child.stdout?.on('data', (chunk) => {
      this.text += chunk;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.lines.push(JSON.parse(line));
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  async line(message: string): Promise<Served['lines'][number]> {
    await expect
      .poll(() => this.lines.some(({ msg }) => msg === message), { timeout: 30_000, message: this.text })
      .toBe(true);
    return this.lines.findLast(({ msg }) => msg === message) as Served['lines'][number];
  }
}

const running: Served[] = [];
function start(...args: string[]): Served {
  const served = new Served(...args);
  running.push(served);
  return served;
}
afterEach(async () => {
  for (const served of running.splice(0)) {
    served.child.kill('SIGKILL');
    await served.ended;
  }
});

describe('siamtrack serve', () => {
  it('serves what it is told, is watched, and ends in good order with status 0', async () => {
    const served = start(`first=${CLIP}`, CLIP, CLIP, '--loop', '--model', model);
    const { url = '' } = await served.line('listening');
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
    await served.line('listening');
    writeFileSync(path, yaml(11));
    expect(await served.line('configuration reloaded')).toMatchObject({ changed: ['other'] });
    writeFileSync(path, 'streams: none');
    await served.line('the configuration was not reloaded; the one before goes on');
    served.lines.length = 0;
    writeFileSync(path, yaml(11));
    served.child.kill('SIGHUP');
    expect(await served.line('configuration reloaded')).toMatchObject({ changed: [] });
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
    const { url = '' } = await served.line('listening');
    expect((await fetch(`${url}/api/streams?token=sesame-open`)).status).toBe(200);
    expect((await fetch(`${url}/api/streams?token=sesame-wrong`)).status).toBe(401);
    const client = new SiamtrackClient(`${url}?token=sesame-open`);
    await client.connected();
    await served.line('stream reconnecting');
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
