import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Box, I420Picture } from '../../src/common/index.js';
import { type FollowOptions, follow } from '../../src/pipeline/index.js';
import type { TrackResult } from '../../src/tracker/index.js';
import { CountedFrames } from './frames.js';

/** Follows nothing: each target's box moves by one pixel a frame, its score is the grey it sees. */
class Drift {
  readonly boxes = new Map<string, Box>();
  readonly firstGrey: number[] = [];

  async add(id: string, picture: I420Picture, box: Box): Promise<void> {
    this.firstGrey.push(picture.y[0]);
    this.boxes.set(id, box);
  }

  async update(picture: I420Picture): Promise<Map<string, TrackResult>> {
    await sleep(1);
    const results = new Map<string, TrackResult>();
    for (const [id, [x, y, w, h]] of this.boxes) {
      const box: Box = [x + 1, y, w, h];
      this.boxes.set(id, box);
      results.set(id, { box, score: picture.y[0] / 255, state: 'uncertain' });
    }
    return results;
  }
}

const targets = [
  { id: '1', box: [1, 2, 3, 4] as const },
  { id: 'b', label: 'B', box: [5, 6, 7, 8] as const },
];

async function run(frames: CountedFrames, options: Partial<FollowOptions> = {}) {
  const seen: { index: number; ids: string[]; x: number; scores: number[]; grey: number }[] = [];
  const group = new Drift();
  const followed = follow(frames, {
    group,
    targets,
    sink: async (frame, found) => {
      await sleep(2);
      // The picture must still be there: a released one could hold any later frame.
      seen.push({
        index: frame.index,
        ids: found.map(({ id, label }) => label ?? id),
        x: found[0].box[0],
        scores: found.map(({ score }) => score),
        grey: frame.y[0],
      });
    },
    ...options,
  });
  return { seen, group, followed };
}

describe('follow', () => {
  it('gives the sink each frame once, in order, and releases it', async () => {
    const frames = new CountedFrames(10);
    const { seen, followed } = await run(frames);
    expect(await followed).toEqual({ frames: 10, stopped: false });
    expect(seen.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seen.map(({ x }) => x)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(seen.every(({ grey, index }) => grey === index)).toBe(true);
    expect(seen[3].ids).toEqual(['1', 'B']);
    expect(frames).toMatchObject({ held: 0, closed: true });
  });

  it('reports the given boxes on the first frame, with score 1', async () => {
    const { seen, followed } = await run(new CountedFrames(2));
    await followed;
    expect(seen[0].scores).toEqual([1, 1]);
    expect(seen[1].scores).toEqual([1 / 255, 1 / 255]);
  });

  it('gives nothing for nothing', async () => {
    const { followed } = await run(new CountedFrames(0));
    expect(await followed).toEqual({ frames: 0, stopped: false });
  });

  it('passes everything before a broken frame through the sink', async () => {
    const frames = new CountedFrames(20, { failAt: 7 });
    const { seen, followed } = await run(frames);
    await expect(followed).rejects.toThrow('frame 7 is broken');
    expect(seen).toHaveLength(7);
    expect(frames.held).toBe(0);
  });

  it('stops at a failing sink and holds nothing', async () => {
    const frames = new CountedFrames(20);
    const { followed } = await run(frames, {
      sink: (frame) => {
        if (frame.index === 3) throw new Error('disk full');
      },
    });
    await expect(followed).rejects.toThrow('disk full');
    expect(frames).toMatchObject({ held: 0, closed: true });
  });

  it('throws the failure of the very last sink', async () => {
    const { followed } = await run(new CountedFrames(3), {
      sink: async (frame) => {
        await sleep(5);
        if (frame.index === 2) throw new Error('disk full');
      },
    });
    await expect(followed).rejects.toThrow('disk full');
  });

  it('stops when it is told to and keeps what was done', async () => {
    const frames = new CountedFrames(100);
    const controller = new AbortController();
    const { followed } = await run(frames, {
      signal: controller.signal,
      sink: (frame) => {
        if (frame.index === 5) controller.abort();
      },
    });
    expect(await followed).toMatchObject({ stopped: true });
    expect(frames).toMatchObject({ held: 0, closed: true });
    expect(frames.asked).toBeLessThan(12);
  });

  it('takes a source that rejects because of the signal for stopped', async () => {
    const controller = new AbortController();
    const endless = async function* () {
      yield* new CountedFrames(2);
      await new Promise((_, reject) => {
        controller.signal.addEventListener('abort', () => reject(controller.signal.reason));
        setTimeout(() => controller.abort(), 5);
      });
    };
    const sink = () => undefined;
    const { signal } = controller;
    const followed = follow(endless(), { group: new Drift(), targets, sink, signal });
    expect(await followed).toEqual({ frames: 2, stopped: true });
  });
});
