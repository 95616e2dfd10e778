import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureFixture } from '../../fixtures/index.js';
import { LiveBridge } from '../../src/batch/live/index.js';
import { type BoxesMessage, SiamtrackClient, type StreamEventMessage } from '../../src/stream/index.js';
import { redisInstalled, TestRedis } from '../batch/redis.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { CliProcess } from './process.js';

const model = writeTinyModel();
const { video } = await ensureFixture('moving');
const processes: CliProcess[] = [];

function start(...args: string[]): CliProcess {
  const started = new CliProcess(...args);
  processes.push(started);
  return started;
}

const until = (what: () => boolean) =>
  expect
    .poll(what, { timeout: 60_000, interval: 20, message: processes.map(({ text }) => text).join('\n') })
    .toBe(true);

describe.skipIf(!redisInstalled)('siamtrack serve --redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    for (const one of processes) await one.kill();
    await redis.stop();
    rmSync(model, { recursive: true, force: true });
  });

  it('passes on what workers follow, whichever of them is alive', async () => {
    const { url } = redis;
    const workers = [1, 2].map(() =>
      start('worker', '--redis', url, '--live', '1', '--lease', '1', '--json'),
    );
    const server = start('serve', '--redis', url, '--port', '0', '--model', model);
    const bridge = await LiveBridge.open({ redis: url, queue: 'siamtrack' });
    await until(() => server.has({ msg: 'listening' }) && workers.every((one) => one.has({ type: 'ready' })));
    const address = String(server.find({ msg: 'listening' })?.url);
    const client = new SiamtrackClient(address);
    const boxes: BoxesMessage[] = [];
    const events: StreamEventMessage[] = [];
    const targets: string[] = [];
    let previews = 0;
    client.on('boxes', (message) => void boxes.push(message));
    client.on('preview', () => void previews++);
    client.on('stream', (event) => void events.push(event));
    client.on('target', ({ event, target }) => void targets.push(`${target} ${event}`));
    await client.subscribe({ preview: { width: 160, rate: 15 } });

    const source = `lavfi:movie=filename=${video}:loop=0,setpts=N/25/TB`;
    await bridge.add({ stream: 'gate', source, model: { name: model, precision: 'float32' }, targets: [] });
    await until(() => boxes.length > 3);
    expect(events.map(({ event }) => event)).toEqual(['added', 'live']);
    expect(events[1].info).toMatchObject({ stream: 'gate', kind: 'live', previews: false, state: 'live' });
    expect(boxes[0]).toMatchObject({ stream: 'gate', size: { width: 320, height: 240 }, targets: [] });

    const added = await client.send({
      type: 'addTarget',
      stream: 'gate',
      target: 'car',
      box: [20, 136, 56, 28],
    });
    expect(added.target).toBe('car');
    expect(targets).toEqual(['car added']);
    await expect(client.send({ type: 'removeTarget', stream: 'gate', target: 'dog' })).rejects.toMatchObject({
      code: 'TARGET_NOT_FOUND',
    });
    await expect(client.send({ type: 'pause', stream: 'gate' })).rejects.toMatchObject({
      code: 'NOT_SEEKABLE',
    });

    // What the next one goes on from is kept once a second.
    const frame = boxes.at(-1)?.frame ?? 0;
    await until(() => (boxes.at(-1)?.frame ?? 0) > frame + 30);
    const holder = workers.find((one) => one.has({ type: 'held' })) as CliProcess;
    const other = workers.find((one) => one !== holder) as CliProcess;
    expect(other.has({ type: 'held' })).toBe(false);
    await holder.kill();
    const before = boxes.length;
    await until(() => boxes.length > before + 3 && other.has({ type: 'held' }));
    const [last, next] = [boxes[before - 1], boxes.at(-1) as BoxesMessage];
    expect(next.frame).toBeGreaterThan(last.frame);
    expect(next.pts).toBeGreaterThan(last.pts);
    expect(next.targets).toMatchObject([{ id: 'car' }]);
    // It was never gone.
    expect(targets.filter((event) => /added|removed/.test(event))).toEqual(['car added']);

    await client.send({ type: 'removeTarget', stream: 'gate', target: 'car' });
    await until(() => targets.at(-1) === 'car removed');
    await bridge.remove('gate');
    await until(() => events.at(-1)?.event === 'removed');
    expect(previews).toBe(0);
    await client.close();
    await bridge.close();
    for (const { child } of [server, other]) child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(await other.ended).toBe(0);
  }, 180_000);
});
