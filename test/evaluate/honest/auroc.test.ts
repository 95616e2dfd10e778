import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc, rocCurve, type Scored } from '../../../src/evaluate/honest/index.js';

const hits = (...scores: number[]): Scored[] => scores.map((score) => ({ score, hit: true }));
const misses = (...scores: number[]): Scored[] => scores.map((score) => ({ score, hit: false }));
// Few values, so that there are ties.
const scored = fc.array(fc.record({ score: fc.integer({ min: 0, max: 12 }), hit: fc.boolean() }), {
  maxLength: 60,
});

function mannWhitney(all: readonly Scored[]): number {
  const [h, m] = [true, false].map((hit) => all.filter((one) => one.hit === hit));
  if (h.length === 0 || m.length === 0) return Number.NaN;
  const won = h.flatMap((a) => m.map((b) => (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0)));
  return won.reduce<number>((sum, value) => sum + value, 0) / won.length;
}

describe('auroc', () => {
  it('is the share of pairs in which the hit scores higher, ties counting half', () => {
    // Pairs won: 0.9 beats three, 0.6 beats two and ties with one, 0.3 beats one.
    expect(auroc([...hits(0.9, 0.6, 0.3), ...misses(0.6, 0.4, 0.1)])).toBeCloseTo(6.5 / 9, 12);
  });

  it('is 1 for scores that separate, 0 for ones that separate the wrong way, 0.5 for ones that say nothing', () => {
    expect(auroc([...hits(0.7, 0.8), ...misses(0.1, 0.6)])).toBe(1);
    expect(auroc([...hits(0.1, 0.6), ...misses(0.7, 0.8)])).toBe(0);
    expect(auroc([...hits(0.5, 0.5, 0.5), ...misses(0.5)])).toBe(0.5);
  });

  it('does not exist without hits or without misses', () => {
    for (const all of [[], hits(0.2, 0.4), misses(0.3)]) expect(auroc(all)).toBeNaN();
  });

  it('equals Mann-Whitney over all pairs', () => {
    fc.assert(
      fc.property(scored, (all) => {
        const expected = mannWhitney(all);
        if (Number.isNaN(expected)) expect(auroc(all)).toBeNaN();
        else expect(auroc(all)).toBeCloseTo(expected, 10);
      }),
    );
  });

  it('does not change under maps that keep the order', () => {
    fc.assert(
      fc.property(scored, (all) => {
        const bent = all.map(({ score, hit }) => ({ score: Math.exp(score) - 7, hit }));
        expect(auroc(bent)).toBe(auroc(all));
      }),
    );
  });
});

describe('rocCurve', () => {
  it('has the area that auroc gives, from 0, 0 to 1, 1', () => {
    fc.assert(
      fc.property(scored, (all) => {
        const curve = rocCurve(all);
        if (Number.isNaN(auroc(all))) {
          expect(curve).toEqual([]);
          return;
        }
        const area = curve
          .slice(1)
          .reduce(
            (sum, { falsePositives, truePositives }, k) =>
              sum +
              ((falsePositives - curve[k].falsePositives) * (truePositives + curve[k].truePositives)) / 2,
            0,
          );
        expect(area).toBeCloseTo(auroc(all), 10);
        expect(curve[0]).toMatchObject({ falsePositives: 0, truePositives: 0 });
        expect(curve.at(-1)).toMatchObject({ falsePositives: 1, truePositives: 1 });
      }),
    );
  });
});
