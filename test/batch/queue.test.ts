import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureFixture } from '../../fixtures/index.js';
import {
  expandInputs,
  type ModelPool,
  matchTargets,
  parseTargets,
  type RunBatchOptions,
  runBatch,
} from '../../src/batch/index.js';
import { holdLiveStreams, LiveBridge } from '../../src/batch/live/index.js';
import { QueueAdmin, runRemoteBatch, runWorker, type WorkerEvent } from '../../src/batch/queue/index.js';
import type { BoxMessage } from '../../src/formats/index.js';
import { MAIN } from '../cli/run.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { loader, outputs, pool, TARGETS, videoFolder } from './clips.js';
import { redisInstalled, TestRedis } from './redis.js';

describe.skipIf(!redisInstalled)('a queue in Redis (skipped where there is no redis-server)', () => {
  let redis: TestRedis;
  let videos: string;
  let model: string;
  let models: ModelPool;
  let reference: Record<string, string>;
  let folder: string;
  let queue = 0;

  beforeAll(async () => {
    [redis, videos] = await Promise.all([TestRedis.start(), videoFolder()]);
    model = writeTinyModel();
    models = pool(model);
    folder = mkdtempSync(join(tmpdir(), 'siamtrack-queue-'));
    await runBatch({ ...(await common('reference')), jobs: 1 });
    reference = await outputs(join(folder, 'reference'));
  });
  afterAll(async () => {
    await models.dispose();
    await redis.stop();
    for (const one of [videos, model, folder]) await rm(one, { recursive: true, force: true });
  });

  async function common(out: string, from = videos): Promise<RunBatchOptions> {
    const inputs = await expandInputs([from]);
    const { targets } = matchTargets(inputs, parseTargets(TARGETS, 't.csv'), join(from, 't.csv'));
    const request = { name: model, precision: 'float32', engine: 'onnx' } as const;
    return {
      inputs,
      targets,
      models,
      out: join(folder, out),
      model: request,
      checkpointFrames: 3,
      formats: ['mot'],
    };
  }

  const place = () => ({ redis: redis.url, queue: `q${++queue}` });

  /** A worker in this process that ends when the batch has. */
  function worker(at: ReturnType<typeof place>, events: WorkerEvent[] = []) {
    const stop = new AbortController();
    const running = runWorker({
      ...at,
      models,
      jobs: 2,
      lease: 1,
      signal: stop.signal,
      onEvent: (event) => events.push(event),
    });
    return {
      events,
      stop: () => {
        stop.abort();
        return running;
      },
    };
  }

  /** A worker that can be killed. Resolves when it has taken a job. */
  function doomed(at: ReturnType<typeof place>): Promise<ChildProcess> {
    const args = [
      MAIN,
      'worker',
      '--redis',
      at.redis,
      '--queue',
      at.queue,
      '--jobs',
      '1',
      '--lease',
      '1',
      '--json',
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (JSON.parse(line).type === 'taken') resolve(child);
      });
    });
  }

  it('has workers make the same bytes as one job does, once', async () => {
    const at = place();
    const [one, two] = [worker(at), worker(at)];
    const summary = await runRemoteBatch({ ...(await common('shared')), ...at, retries: 3, window: 2 });
    await Promise.all([one.stop(), two.stop()]);
    expect(summary.counts).toMatchObject({ done: 3, failed: 0 });
    expect(await outputs(join(folder, 'shared'))).toEqual(reference);
    const ended = [...one.events, ...two.events].filter(({ type }) => type === 'ended');
    expect(ended).toHaveLength(3);
    const again = await runRemoteBatch({ ...(await common('shared')), ...at, retries: 3, window: 2 });
    expect(again.counts).toMatchObject({ skipped: 3 });
  });

  it('goes on elsewhere when workers and Redis are killed', async () => {
    const at = place();
    const watching = runRemoteBatch({ ...(await common('rough')), ...at, retries: 50, window: 10 });
    (await doomed(at)).kill('SIGKILL');
    await redis.kill();
    await redis.run();
    const last = worker(at);
    const summary = await watching;
    await last.stop();
    expect(summary.counts).toMatchObject({ done: 3, failed: 0 });
    expect(await outputs(join(folder, 'rough'))).toEqual(reference);
  });

  it('hands a job back at the next frame when a worker drains', async () => {
    const at = place();
    const events: WorkerEvent[] = [];
    const watching = runRemoteBatch({ ...(await common('drained')), ...at, retries: 3, window: 10 });
    const first = worker(at, events);
    while (!events.some(({ type }) => type === 'taken'))
      await new Promise((resolve) => setTimeout(resolve, 5));
    await first.stop();
    const second = worker(at);
    const summary = await watching;
    await second.stop();
    expect(summary.counts).toMatchObject({ done: 3, failed: 0 });
    expect(await outputs(join(folder, 'drained'))).toEqual(reference);
  });

  it('keeps what cannot be done as dead letters, which can be tried again', async () => {
    const at = place();
    const bad = mkdtempSync(join(folder, 'bad-'));
    await writeFile(join(bad, 'gate.mp4'), 'this is no video');
    const one = worker(at);
    const summary = await runRemoteBatch({ ...(await common('dead', bad)), ...at, retries: 3, window: 10 });
    await one.stop();
    expect(summary.videos[0]).toMatchObject({ status: 'failed', error: { code: 'NOT_A_VIDEO' } });
    const admin = await QueueAdmin.open(at);
    expect(await admin.dead()).toMatchObject([{ name: 'gate', code: 'NOT_A_VIDEO', starts: 1 }]);
    expect(await admin.retry(['gate'])).toBe(1);
    expect((await admin.report()).counts).toMatchObject({ waiting: 1, failed: 0 });
    await admin.close();
  });

  it('moves a live stream to another holder, which goes on where the first one was', async () => {
    const at = place();
    const { video } = await ensureFixture('moving');
    const bridge = await LiveBridge.open(at);
    const seen: BoxMessage[] = [];
    let wake = () => {};
    const until = async (enough: () => boolean) => {
      while (!enough()) await new Promise<void>((resolve) => (wake = resolve));
    };
    await bridge.subscribe('gate', (message) => {
      seen.push(message);
      wake();
    });
    const load = ({ name }: { name: string }) =>
      loader(model)({ name, precision: 'float32', engine: 'onnx' });
    const hold = () => {
      const stop = new AbortController();
      const running = holdLiveStreams({ ...at, load, lease: 1, signal: stop.signal });
      return () => {
        stop.abort();
        return running;
      };
    };
    const targets = [{ id: 'car', box: [20, 136, 56, 28] as [number, number, number, number] }];
    await bridge.add({
      stream: 'gate',
      source: video,
      model: { name: model, precision: 'float32' },
      targets,
    });
    const first = hold();
    await until(() => seen.length > 8);
    expect(seen[0]).toMatchObject({
      stream: 'gate',
      targets: [{ id: 'car', box: [20, 136, 56, 28], score: 1 }],
    });
    await first();
    const before = seen.at(-1) as BoxMessage;
    const count = seen.length;
    const second = hold();
    await until(() => seen.length > count + 3);
    const after = seen.slice(count);
    // It has not been pointed at anew, it is being followed.
    expect(after[0].targets).toMatchObject([{ id: 'car' }]);
    expect(after[0].targets[0].score).toBeLessThan(1);
    expect(after[0].frame).toBeGreaterThan(before.frame);
    expect(after[0].pts).toBeGreaterThan(before.pts);
    expect(await bridge.command('gate', { type: 'remove', id: 'car' })).toBe(true);
    await until(() => seen.at(-1)?.targets.length === 0);
    expect(await bridge.remove('gate')).toBe(true);
    await second();
    await bridge.close();
  });
});
