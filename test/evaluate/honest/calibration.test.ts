import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calibrationError,
  equalMassBins,
  equalWidthBins,
  type Scored,
} from '../../../src/evaluate/honest/index.js';

const HAND: Scored[] = [
  { score: 0.05, hit: false },
  { score: 0.12, hit: true },
  { score: 0.62, hit: true },
  { score: 0.68, hit: false },
  { score: 0.64, hit: true },
  { score: 1, hit: true },
];

/** `n` frames of each score in the middle of a bin of ten, of which that share are hits. */
function calibrated(n: number, bend = (p: number) => p): Scored[] {
  return Array.from({ length: 10 }, (_, k) => (k + 0.5) / 10).flatMap((p) =>
    Array.from({ length: n }, (_, i) => ({ score: p, hit: i < Math.round(n * bend(p)) })),
  );
}

describe('equal width', () => {
  it('weighs each bin by its frames', () => {
    const bins = equalWidthBins(HAND, 5)!;
    expect(bins.map(({ from, to, frames }) => [from, to, frames])).toEqual([
      [0, 0.2, 2],
      [0.6, 0.8, 3],
      [0.8, 1, 1],
    ]);
    // |0.085 - 1/2| * 2/6 + |0.6467 - 2/3| * 3/6 + |1 - 1| * 1/6
    expect(calibrationError(bins)).toBeCloseTo((2 * 0.415 + 3 * 0.02) / 6, 12);
  });

  it('puts a score on a border into the upper bin', () => {
    const bins = equalWidthBins([{ score: 0.5, hit: true }], 2)!;
    expect(bins).toEqual([{ from: 0.5, to: 1, frames: 1, meanScore: 0.5, hitRate: 1 }]);
  });
});

describe('equal mass', () => {
  it('has as many frames in each bin', () => {
    const bins = equalMassBins(HAND, 3)!;
    expect(bins.map(({ from, to, frames }) => [from, to, frames])).toEqual([
      [0.05, 0.12, 2],
      [0.62, 0.64, 2],
      [0.68, 1, 2],
    ]);
    // |0.085 - 1/2|, |0.63 - 1|, |0.84 - 1/2|, each over a third.
    expect(calibrationError(bins)).toBeCloseTo((0.415 + 0.37 + 0.34) / 3, 12);
  });

  it('does not depend on the order of equal scores', () => {
    const same = [true, true, false, false].map((hit) => ({ score: 0.5, hit }));
    expect(calibrationError(equalMassBins(same, 2))).toBe(0);
    expect(calibrationError(equalMassBins([...same].reverse(), 2))).toBe(0);
  });
});

describe.each([
  ['equal width', equalWidthBins],
  ['equal mass', equalMassBins],
])('calibration error over bins of %s', (_, binsOf) => {
  it('is next to nothing for a calibrated score and large for one that is not', () => {
    expect(calibrationError(binsOf(calibrated(100)))).toBeLessThan(0.01);
    expect(calibrationError(binsOf(calibrated(100, (p) => 1 - p)))).toBeGreaterThan(0.4);
    const sure = Array.from({ length: 100 }, (_, i) => ({ score: 1, hit: i < 60 }));
    expect(calibrationError(binsOf(sure))).toBeCloseTo(0.4, 12);
  });

  it('loses no frame and stays within 0..1', () => {
    const scored = fc.array(
      fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), hit: fc.boolean() }),
      { minLength: 1, maxLength: 80 },
    );
    fc.assert(
      fc.property(scored, (all) => {
        const bins = binsOf(all)!;
        expect(bins.reduce((sum, { frames }) => sum + frames, 0)).toBe(all.length);
        const hits = bins.reduce((sum, { frames, hitRate }) => sum + frames * hitRate, 0);
        expect(hits).toBeCloseTo(all.filter(({ hit }) => hit).length, 8);
        for (const { from, to, meanScore } of bins) {
          expect(meanScore).toBeGreaterThanOrEqual(from - 1e-12);
          expect(meanScore).toBeLessThanOrEqual(to + 1e-12);
        }
        const error = calibrationError(bins);
        expect(error >= 0 && error <= 1).toBe(true);
      }),
    );
  });

  it('does not exist for scores that are no probabilities, nor for none', () => {
    expect(binsOf([{ score: 1.2, hit: true }])).toBeNull();
    expect(binsOf([{ score: Number.NaN, hit: true }])).toBeNull();
    expect(calibrationError(null)).toBeNaN();
    expect(calibrationError(binsOf([]))).toBeNaN();
  });
});
