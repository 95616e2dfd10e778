import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { MEASURES, meanMeasures, measure } from '../../src/evaluate/index.js';
import { PAIRS, REFERENCE } from './reference.js';

const TRUTH: readonly Box[] = PAIRS.map(([truth]) => truth);
const RESULT: readonly Box[] = PAIRS.map(([, result]) => result);
const corner = fc.double({ min: -100, max: 500, noNaN: true });
const side = fc.double({ min: 1, max: 300, noNaN: true });
const boxes = fc.array(fc.tuple(corner, corner, side, side), { minLength: 2, maxLength: 30 });

describe('measure', () => {
  it("agrees with the benchmarks' toolkits", () => {
    const measures = measure(RESULT, TRUTH);
    for (const name of MEASURES) expect(measures[name], name).toBeCloseTo(REFERENCE[name], 12);
  });

  it('gives the truth itself 1 in every measure', () => {
    fc.assert(
      fc.property(boxes, (truth) => {
        for (const value of Object.values(measure(truth, truth))) expect(value).toBeCloseTo(1, 8);
        expect(measure(truth, truth).auc).toBe(1);
      }),
    );
  });

  it('follows the published formula as soon as one frame is not exact, so that 20/21 is the most', () => {
    const result = TRUTH.map((box, k): Box => (k === 5 ? [box[0] + 0.01, box[1], box[2], box[3]] : box));
    expect(measure(result, TRUTH).auc).toBeCloseTo(20 / 21, 12);
  });

  it('stays within 0 and 1 and gives nothing for a miss', () => {
    fc.assert(
      fc.property(boxes, boxes, (truth, other) => {
        const result = truth.map((_, k) => other[k] ?? null);
        for (const value of Object.values(measure(result, truth))) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        const missed = measure(
          truth.map(() => null),
          truth,
        );
        for (const value of Object.values(missed)) expect(value).toBe(0);
      }),
    );
  });

  it('leaves out frames in which the target is absent', () => {
    const truth = [...TRUTH, null, null];
    const result: (Box | null)[] = [...RESULT, [0, 0, 5, 5], null];
    expect(measure(result, truth)).toEqual(measure(RESULT, TRUTH));
  });

  it('counts thresholds as published: overlap above, distance at most', () => {
    const truth: Box[] = [
      [0, 0, 10, 10],
      [0, 0, 10, 10],
    ];
    // Overlap 0.5, centre 2.5 px and a quarter of the width away.
    expect(measure([truth[0], [0, 0, 5, 10]], truth)).toMatchObject({ sr50: 0, precision: 1 });
    expect(measure([truth[0], [20, 0, 10, 10]], truth).precision).toBe(1);
    expect(measure([truth[0], [20.01, 0, 10, 10]], truth).precision).toBe(0.5);
    expect(measure([truth[0], [5, 0, 10, 10]], truth).normalisedPrecision).toBeCloseTo((1 + 1 / 51) / 2, 12);
  });

  it('leaves the given frame out of AO and SR, and has none where nothing was followed', () => {
    expect(
      measure(
        [[0, 0, 2, 2], null],
        [
          [0, 0, 2, 2],
          [0, 0, 2, 2],
        ],
      ),
    ).toMatchObject({ ao: 0, sr50: 0, precision: 0.5 });
    expect(measure([[0, 0, 2, 2]], [[0, 0, 2, 2]])).toMatchObject({ auc: 1, ao: Number.NaN });
  });

  it('wants as many results as frames', () => {
    expect(() => measure(RESULT.slice(1), TRUTH)).toThrow('result: expected 24 boxes');
  });
});

describe('meanMeasures', () => {
  it('weighs each target the same and leaves out what does not exist', () => {
    const a = { auc: 0.2, precision: 1, normalisedPrecision: 0.1, ao: Number.NaN, sr50: 0.5, sr75: 0 };
    const b = { auc: 0.6, precision: 0, normalisedPrecision: 0.3, ao: 0.4, sr50: 0.5, sr75: 0.5 };
    const mean = meanMeasures([a, b]);
    expect(mean.auc).toBeCloseTo(0.4);
    expect(mean.precision).toBe(0.5);
    expect(mean.ao).toBe(0.4);
  });
});
