import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModel, type Model } from '../../../src/model/index.js';
import { Config, StreamConfig } from '../../../src/pipeline/config/index.js';
import { Streams } from '../../../src/pipeline/live/index.js';
import type { StreamEventMessage } from '../../../src/stream/index.js';
import { writeTinyModel } from '../../model/tiny-model.js';
import { CLIP } from '../../stream/server/serving.js';

const WAIT = { timeout: 30_000 };
let model: Model;
beforeAll(async () => {
  model = await loadModel(writeTinyModel());
});
afterAll(() => model.dispose());

const config = (name: string, more: object = {}) =>
  StreamConfig.parse({ name, source: CLIP, loop: true, ...more });

it('applies another configuration: what did not change goes on, with its targets', async () => {
  const streams = new Streams({ ...Config.parse({}), model });
  const events: StreamEventMessage[] = [];
  streams.listen({
    onFrame: () => undefined,
    onTarget: () => undefined,
    onStream: (event) => void events.push(event),
  });
  const target = { id: 'car', box: [20, 136, 56, 28] };
  await streams.apply([config('same', { targets: [target] }), config('other'), config('gone')]);
  const same = () => streams.streams.find(({ stream }) => stream === 'same');
  await expect.poll(() => same()?.targets.length, WAIT).toBe(1);
  const before = same()?.counts.tracked ?? 0;
  events.length = 0;
  expect(
    await streams.apply([
      config('same', { targets: [target] }),
      config('other', { heldFrames: 5 }),
      config('new'),
    ]),
  ).toEqual({
    added: ['new'],
    removed: ['gone'],
    changed: ['other'],
  });
  expect(events.filter(({ stream }) => stream === 'same')).toEqual([]);
  await expect.poll(() => same()?.counts.tracked, WAIT).toBeGreaterThan(before);
  expect(same()?.targets).toHaveLength(1);
  await streams.close();
  expect(streams.streams).toEqual([]);
});

it('keeps the failure of one stream from the others, and passwords from everybody', async () => {
  const streams = new Streams({ ...Config.parse({}), model });
  await streams.apply([
    config('good'),
    config('missing', { source: '/nowhere/clip.mp4' }),
    config('camera', { source: 'rtsp://admin:hunter2@127.0.0.1:9/stream' }),
  ]);
  const state = (name: string) => streams.streams.find(({ stream }) => stream === name)?.state;
  await expect.poll(() => [state('good'), state('missing')], WAIT).toEqual(['live', 'error']);
  await expect.poll(() => state('camera'), WAIT).toBe('reconnecting');
  expect(JSON.stringify(streams.streams)).not.toContain('hunter2');
  await streams.close();
});
