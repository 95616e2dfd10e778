import { describe, expect, it } from 'vitest';
import { afterAbsences, afterDrifts, summariseRecoveries } from '../../../src/evaluate/honest/index.js';
import { frames, type Short } from './outcomes.js';

const on: Short = [0.8, 0.9, 'tracking'];
const off: Short = [0, 0.3, 'uncertain'];
const poor: Short = [0.3, 0.4, 'uncertain'];
const lost: Short = [0, 0.1, 'lost'];
const gone: Short = ['-', 0.1, 'lost'];
const unseen: Short = ['-', 0.6, 'tracking'];

describe('found again after absences', () => {
  it('counts from the first labelled frame to the first with a box on the target and no state of lost', () => {
    // Frame 0 is the given one: absent 2 and 3, back at 4, found at 7.
    const judged = frames(on, unseen, gone, off, [0.9, 0.1, 'lost'], poor, on, on);
    expect(afterAbsences(judged)).toEqual([{ from: 4, outcome: 'found', frames: 3, noticed: 1 }]);
  });

  it('is found at once where the box waits there', () => {
    expect(afterAbsences(frames(on, unseen, on))).toEqual([
      { from: 3, outcome: 'found', frames: 0, noticed: null },
    ]);
  });

  it('knows leaving again from never', () => {
    const judged = frames(on, gone, off, off, gone, on, gone, off, off);
    expect(afterAbsences(judged).map(({ from, outcome, frames: n }) => [from, outcome, n])).toEqual([
      [3, 'left', null],
      [6, 'found', 0],
      [8, 'never', null],
    ]);
  });

  it('leaves out absences from which the target does not return', () => {
    expect(afterAbsences(frames(on, gone, gone))).toEqual([]);
    expect(afterAbsences(frames(on, on))).toEqual([]);
  });

  it('needs no states', () => {
    expect(afterAbsences(frames([0.8], ['-'], [0.1], [0.6]))).toEqual([
      { from: 3, outcome: 'found', frames: 1, noticed: null },
    ]);
  });
});

describe('found again after drifts', () => {
  it('counts from the first frame missed after one on the target, and when it was noticed', () => {
    // Overlap 0.3 is no drift; missed at 3, said lost at 5, found at 7.
    const judged = frames(on, poor, off, off, lost, [0.9, 0.2, 'lost'], on, on);
    expect(afterDrifts(judged)).toEqual([{ from: 3, outcome: 'found', frames: 4, noticed: 2 }]);
  });

  it('begins anew only after the target was followed again', () => {
    const judged = frames(off, poor, off, on, off);
    expect(afterDrifts(judged)).toEqual([
      { from: 1, outcome: 'found', frames: 3, noticed: null },
      { from: 5, outcome: 'never', frames: null, noticed: null },
    ]);
  });

  it('is no drift when the target is absent, or has not been found since', () => {
    expect(afterDrifts(frames(on, gone, off, off, on, on))).toEqual([]);
    expect(afterDrifts(frames(on, off, lost, gone, off, on))).toEqual([
      { from: 2, outcome: 'left', frames: null, noticed: 1 },
    ]);
  });
});

describe('recoveries in numbers', () => {
  const found = (frames: number, noticed: number | null = 0) =>
    ({ from: 5, outcome: 'found', frames, noticed }) as const;
  const never = { from: 5, outcome: 'never', frames: null, noticed: null } as const;
  const left = { from: 5, outcome: 'left', frames: null, noticed: 2 } as const;

  it('counts those never found as infinitely late', () => {
    expect(summariseRecoveries([found(3), found(12), found(13, null), never, left], true)).toEqual({
      count: 5,
      found: 3,
      left: 1,
      never: 1,
      soon: 2,
      median: 13,
      noticed: 3,
    });
    expect(summariseRecoveries([found(4), never], true).median).toBe(Number.POSITIVE_INFINITY);
    expect(summariseRecoveries([never, never], true).median).toBe(Number.POSITIVE_INFINITY);
    expect(summariseRecoveries([found(4), found(7)], true).median).toBe(5.5);
  });

  it('has no median of nothing, and nothing noticed without states', () => {
    expect(summariseRecoveries([], false)).toMatchObject({ count: 0, median: Number.NaN, noticed: null });
  });
});
