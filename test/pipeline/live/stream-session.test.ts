import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../../src/model/index.js';
import { StreamSession, type StreamSessionOptions } from '../../../src/pipeline/live/stream-session.js';
import type { StreamSourceEvent } from '../../../src/pipeline/live/stream-source.js';
import type { StreamEventMessage, TargetEventMessage } from '../../../src/stream/index.js';
import { Tracker } from '../../../src/tracker/index.js';
import { writeTinyModel } from '../../model/tiny-model.js';
import { ManualSource } from './manual-source.js';

let model: Model;
let source: ManualSource;
let emit: (event: StreamSourceEvent) => void;
let session: StreamSession;
let boxes: { frame: number; targets: Record<string, readonly number[]> }[];
let targetEvents: TargetEventMessage[];
let streamEvents: StreamEventMessage[];
let warnings: string[];

beforeAll(async () => {
  model = await loadModel(writeTinyModel());
});
afterAll(() => model.dispose());

function start(options: Partial<StreamSessionOptions> = {}): void {
  source = new ManualSource();
  boxes = [];
  targetEvents = [];
  streamEvents = [];
  warnings = [];
  session = new StreamSession({
    name: 'cam',
    source: 'manual',
    model,
    open: (onEvent) => {
      emit = onEvent;
      return source;
    },
    held: { count: 10, bytes: 1e9 },
    maxTargets: 3,
    listener: {
      onFrame: ({ frame, targets }) =>
        void boxes.push({
          frame: frame.index,
          targets: Object.fromEntries(targets.map(({ id, box }) => [id, box])),
        }),
      onTarget: (event) => void targetEvents.push(event),
      onStream: (event) => void streamEvents.push(event),
    },
    onWarning: (message) => void warnings.push(message),
    ...options,
  });
}

beforeEach(() => start());

const square = (index: number) => [20 + 2 * index, 40, 40, 40] as const;
const add = (frame: 'now' | number, box: readonly [number, number, number, number], target?: string) =>
  session.addTarget({ target, box, units: 'pixels', frame });

describe('a target added on a frame that has passed', () => {
  it('is where it would be had it been added then', async () => {
    for (let k = 0; k < 8; k++) await source.push();
    const pushing = source.push();
    expect(await add(3, square(3), 'a')).toEqual({ target: 'a', frame: 3 });
    await pushing;
    for (let k = 9; k < 12; k++) await source.push();

    const history = targetEvents[0].history ?? [];
    const got = new Map(history.map(({ frame, box }) => [frame, box as readonly number[]]));
    for (const { frame, targets } of boxes) if (targets.a) got.set(frame, targets.a);
    expect([...got.keys()]).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(history[0]).toMatchObject({ frame: 3, box: square(3), score: 1 });

    const alone = new ManualSource();
    const tracker = new Tracker(model);
    let index = 0;
    const all = (async () => {
      for await (const frame of alone) {
        if (index === 3) await tracker.init(frame, square(3), frame.pts);
        if (index > 3) {
          const { box } = await tracker.update(frame, frame.pts);
          for (const side of [0, 1, 2, 3]) expect(got.get(index)?.[side]).toBeCloseTo(box[side], 1);
        }
        index++;
      }
    })();
    for (let k = 0; k < 12; k++) await alone.push();
    await alone.close();
    await all;
    await session.close();
    expect(source.held).toBe(0);
  });

  it('is refused when the frame is no longer, or not yet, held', async () => {
    for (let k = 0; k < 12; k++) await source.push();
    expect(session.info.held).toEqual({ first: 2, last: 11 });
    await expect(async () => add(1, square(1))).rejects.toMatchObject({ code: 'FRAME_NOT_HELD' });
    await expect(async () => add(12, square(12))).rejects.toMatchObject({ code: 'FRAME_NOT_HELD' });
    await session.close();
  });

  it('misses no frame, however adding and frames interleave', async () => {
    await source.push();
    const adding: Promise<unknown>[] = [];
    for (let k = 1; k < 10; k++) {
      if (k % 3 === 1) adding.push(add('now', square(k - 1), `t${k}`));
      await source.push();
    }
    await Promise.all(adding);
    await source.push();
    for (const event of targetEvents) {
      const frames = [
        ...(event.history ?? []).map(({ frame }) => frame),
        ...boxes.filter(({ targets }) => event.target in targets).map(({ frame }) => frame),
      ];
      expect(frames).toEqual(Array.from({ length: 11 - event.frame }, (_, k) => event.frame + k));
    }
    expect(targetEvents).toHaveLength(3);
    await session.close();
  });
});

describe('commands about targets', () => {
  it('are refused with the code that says why', async () => {
    await expect(async () => add('now', square(0))).rejects.toMatchObject({ code: 'NO_FRAME' });
    await source.push();
    await expect(add('now', [500, 500, 10, 10])).rejects.toMatchObject({ code: 'BAD_BOX' });
    await add('now', square(0), 'a');
    await expect(async () => add('now', square(0), 'a')).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    expect(() => session.removeTarget('b')).toThrow(expect.objectContaining({ code: 'TARGET_NOT_FOUND' }));
    await expect(async () =>
      session.reinitTarget({ target: 'b', box: square(0), units: 'pixels', frame: 'now' }),
    ).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(() => session.controls).toThrow(expect.objectContaining({ code: 'NOT_SEEKABLE' }));
    await session.close();
  });

  it('give ids that nobody has, count targets on the way, and take boxes in fractions of the frame', async () => {
    await source.push();
    const box = [0.125, 1 / 3, 0.25, 1 / 3] as const;
    const added = [
      add('now', square(0)),
      add('now', square(0), '2'),
      session.addTarget({ box, units: 'normalised', frame: 'now' }),
    ];
    await expect(async () => add('now', square(0))).rejects.toMatchObject({ code: 'TARGET_LIMIT' });
    expect((await Promise.all(added)).map(({ target }) => target)).toEqual(['1', '2', '3']);
    expect(targetEvents[2].box).toEqual([20, 40, 40, 40]);
    await session.close();
  });

  it('re-initialise: same id, from the new box on', async () => {
    await source.push();
    await add('now', square(0), 'a');
    await source.push();
    await session.reinitTarget({ target: 'a', box: [10, 10, 30, 30], units: 'pixels', frame: 'now' });
    expect(targetEvents.map(({ event, target, box }) => [event, target, box])).toEqual([
      ['added', 'a', [...square(0)]],
      ['reinitialised', 'a', [10, 10, 30, 30]],
    ]);
    expect(session.info.targets).toHaveLength(1);
    await session.close();
  });

  it('remove a target that is still being caught up: its command fails', async () => {
    for (let k = 0; k < 8; k++) await source.push();
    const adding = add(0, square(0), 'a');
    session.removeTarget('a');
    await expect(adding).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    await source.push();
    expect(session.info.targets).toEqual([]);
    await session.close();
    expect(source.held).toBe(0);
  });
});

describe('the life of a stream', () => {
  it('puts its first targets on its first frame, and warns of those that cannot be', async () => {
    start({
      targets: [
        { target: 'a', label: 'A', box: square(0), units: 'pixels' },
        { target: 'far', box: [900, 0, 9, 9], units: 'pixels' },
      ],
    });
    await source.push();
    expect(boxes[0].targets).toEqual({ a: square(0) });
    expect(warnings).toEqual(['target far could not be put on the first frame']);
    await session.close();
    expect(targetEvents.map(({ event, reason }) => [event, reason])).toEqual([
      ['added', undefined],
      ['removed', 'stream'],
    ]);
  });

  it('tells once when a target is lost and once when it is found again', async () => {
    await source.push({ x: 60 });
    await add('now', [60, 40, 40, 40], 'a');
    await source.push({ x: 60 });
    const told = (event: string) => targetEvents.some((one) => one.event === event);
    for (let k = 0; k < 200 && !told('lost'); k++) await source.push({ x: null });
    for (let k = 0; k < 5; k++) await source.push({ x: null });
    for (let k = 0; k < 200 && !told('found'); k++) await source.push({ x: 60 });
    for (let k = 0; k < 5; k++) await source.push({ x: 60 });
    expect(targetEvents.map(({ event, state }) => [event, state])).toEqual([
      ['added', 'tracking'],
      ['lost', 'lost'],
      ['found', expect.stringMatching(/tracking|uncertain/)],
    ]);
    await session.close();
  });

  it('keeps the place of targets in proportion when frames change their size', async () => {
    await source.push({ x: 60 });
    await add('now', [60, 40, 40, 40], 'a');
    await source.push({ x: 60 });
    await source.push({ x: 140, width: 320, height: 240 });
    const [, , last] = boxes;
    const [x, y, w, h] = last.targets.a;
    expect(Math.hypot(x + w / 2 - 160, y + h / 2 - 120)).toBeLessThan(30);
    expect(streamEvents.map(({ event }) => event)).toContain('changed');
    expect(session.info.size).toEqual({ width: 320, height: 240 });
    await session.close();
  });

  it('counts, and says how its source is', async () => {
    emit({ kind: 'connecting' });
    emit({ kind: 'live' });
    await source.push();
    source.skipped = 4;
    await source.push({ index: 5 });
    emit({ kind: 'stalled' });
    emit({ kind: 'reconnecting', attempt: 1, delay: 500, code: 'SOURCE_STALLED', message: 'no frame' });
    await source.push();
    expect(session.info).toMatchObject({
      state: 'reconnecting',
      counts: { decoded: 7, tracked: 3, skipped: 4, reconnects: 1, stalls: 1 },
    });
    expect(streamEvents.at(-1)).toMatchObject({ event: 'reconnecting', attempt: 1, delay: 500 });
    await session.close();
  });

  it('keeps a failure to itself: the stream is in error, takes no target, and can be closed', async () => {
    await source.push();
    source.fail(new Error('the decoder broke'));
    await expect.poll(() => session.info.state, { timeout: 20_000 }).toBe('error');
    expect(streamEvents.at(-1)).toMatchObject({
      event: 'error',
      code: 'INTERNAL',
      message: 'the decoder broke',
    });
    expect(() => add('now', square(0))).toThrow(expect.objectContaining({ code: 'STREAM_ENDED' }));
    await session.close();
    expect(source.held).toBe(0);
  });
});
