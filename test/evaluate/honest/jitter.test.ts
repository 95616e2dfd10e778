import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/common/index.js';
import { jitter, judge } from '../../../src/evaluate/honest/index.js';

// 30 x 40 has a diagonal of 50.
const TRUTH: Box = [100, 100, 30, 40];
const moved = (dx: number, dy: number, dw = 0, dh = 0): Box => [100 + dx, 100 + dy, 30 + dw, 40 + dh];
const judged = (truth: readonly (Box | null)[], boxes: readonly Box[]) =>
  judge({ truth, boxes, scores: null, states: null });

describe('jitter', () => {
  it('is how far centre and size move, in diagonals, while the truth stands', () => {
    // The centre moves by 3, 4: 5 px; then the box shrinks by 3 x 4 towards its corner: size 5 px, centre 2.5 px.
    const boxes = [TRUTH, moved(0, 0), moved(3, 4), moved(3, 4, -3, -4)];
    const result = jitter([judged([TRUTH, TRUTH, TRUTH, TRUTH], boxes)]);
    expect(result).toMatchObject({ pairs: 2, size: 0.05, truthCentre: 0, truthSize: 0 });
    expect(result.centre).toBeCloseTo(0.075, 12);
  });

  it('leaves out the given box, pairs in which the truth moves or is absent, and boxes off the target', () => {
    const shaken = [TRUTH, moved(4, 0), moved(0, 0), moved(0, 0)];
    // Between the given box and the first own one nothing counts.
    expect(jitter([judged([TRUTH, TRUTH], shaken.slice(0, 2))]).pairs).toBe(0);
    expect(jitter([judged([TRUTH, TRUTH, moved(0.51, 0), TRUTH], shaken)]).pairs).toBe(0);
    expect(jitter([judged([TRUTH, TRUTH, moved(0, 0, 0.6, 0), TRUTH], shaken)]).pairs).toBe(0);
    expect(jitter([judged([TRUTH, TRUTH, null, TRUTH], shaken)]).pairs).toBe(0);
    const away = [TRUTH, moved(90, 0), moved(90, 0), moved(90, 0)];
    expect(jitter([judged([TRUTH, TRUTH, TRUTH, TRUTH], away)])).toMatchObject({
      pairs: 0,
      centre: Number.NaN,
    });
  });

  it('says what the truth itself moves, and takes another bound for still', () => {
    const truth = [TRUTH, TRUTH, moved(0.5, 0), moved(1.5, 0)];
    expect(jitter([judged(truth, truth as Box[])])).toMatchObject({
      pairs: 1,
      centre: 0.01,
      truthCentre: 0.01,
    });
    const loose = jitter([judged(truth, truth as Box[])], 0.02);
    expect(loose.pairs).toBe(2);
    expect(loose.truthCentre).toBeCloseTo(0.015, 12);
  });

  it('pools the pairs of several targets', () => {
    const still = judged([TRUTH, TRUTH, TRUTH], [TRUTH, TRUTH, TRUTH]);
    const shaken = judged([TRUTH, TRUTH, TRUTH], [TRUTH, TRUTH, moved(5, 0)]);
    expect(jitter([still, shaken])).toMatchObject({ pairs: 2, centre: 0.05 });
  });
});
