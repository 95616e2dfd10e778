import { describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { runOnePass } from '../../src/evaluate/index.js';
import type { TargetState } from '../../src/formats/index.js';
import { CountedFrames } from '../pipeline/frames.js';

/** Says which greys it saw by the boxes it returns. */
class Witness {
  readonly first: Box[] = [];
  grey: number[] = [];
  readonly seconds: number[] = [];

  init(picture: { y: Uint8Array }, box: Box, seconds: number): void {
    this.seconds.push(seconds);
    this.first.push(box);
    this.grey.push(picture.y[0]);
  }

  update(picture: { y: Uint8Array }, seconds: number) {
    this.seconds.push(seconds);
    this.grey.push(picture.y[0]);
    return { box: [picture.y[0], 0, 1, 1] as Box, score: 0.5 };
  }
}

const FIRST: Box = [3, 4, 5, 6];

describe('runOnePass', () => {
  it('gives the tracker the first box and then every picture, however few fit the memory', async () => {
    for (const memory of [1, 64 * 64 * 3, 2 ** 20]) {
      const frames = new CountedFrames(10);
      const tracker = new Witness();
      const done: number[] = [];
      const { boxes, scores } = await runOnePass(frames, FIRST, tracker, {
        memory,
        onFrame: (n) => done.push(n),
      });
      expect(tracker.first).toEqual([FIRST]);
      expect(tracker.grey).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(boxes).toEqual([FIRST, ...Array.from({ length: 9 }, (_, k) => [k + 1, 0, 1, 1])]);
      expect(scores).toEqual([1, ...Array(9).fill(0.5)]);
      expect(tracker.seconds).toEqual(tracker.grey.map((n) => n / 10));
      expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(frames).toMatchObject({ held: 0, closed: true });
    }
  });

  it('has states where every update gives one', async () => {
    const follow = (states: (TargetState | undefined)[]) => {
      let k = 0;
      const update = () => ({ box: FIRST, score: 0.5, state: states[k++] });
      return runOnePass(new CountedFrames(4), FIRST, { init: () => undefined, update });
    };
    const whole = await follow(['tracking', 'uncertain', 'lost']);
    expect(whole.states).toEqual(['tracking', 'tracking', 'uncertain', 'lost']);
    expect((await follow(['tracking', undefined, 'lost'])).states).toBeNull();
    expect((await runOnePass(new CountedFrames(3), FIRST, new Witness())).states).toBeNull();
  });

  it('stops after as many frames as it is asked to follow', async () => {
    const frames = new CountedFrames(20);
    const tracker = new Witness();
    await runOnePass(frames, FIRST, tracker, { frames: 5 });
    expect(tracker.grey).toEqual([0, 1, 2, 3, 4]);
    expect(frames).toMatchObject({ held: 0, closed: true, asked: 5 });
  });

  it('counts the time of updates within the time of everything', async () => {
    const { trackerSeconds, totalSeconds } = await runOnePass(new CountedFrames(5), FIRST, new Witness());
    expect(trackerSeconds).toBeGreaterThan(0);
    expect(totalSeconds).toBeGreaterThan(trackerSeconds);
  });

  it('passes failures on and lets go of the frames', async () => {
    const frames = new CountedFrames(5, { failAt: 3 });
    await expect(runOnePass(frames, FIRST, new Witness())).rejects.toThrow('frame 3 is broken');
    expect(frames.held).toBe(0);
    await expect(runOnePass(new CountedFrames(0), FIRST, new Witness())).rejects.toThrow(
      'at least one frame',
    );
  });
});
