import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnSpeed, searchSize } from '../../src/tracker/search-size.js';
import type { Target } from '../../src/tracker/target.js';

const SIZES = [191, 223, 255, 319];
/** A square target of side s covers 63.5 search pixels: the template's 127 hold it twice. */
const sight = { sizes: SIZES, usualSize: 255, scale: ({ w, h }: { w: number; h: number }) => 127 / (w + h) };

function target(known: Partial<Target> = {}) {
  const place = { cx: 100, cy: 100, w: 40, h: 40 };
  return { place, presence: { state: 'tracking', mean: 0.95 }, speed: 0, ...known } as Target;
}

describe('the side of the search crop', () => {
  it('is the smallest for a target that is surely there and stands still', () => {
    expect(searchSize(sight, target(), 0.04)).toBe(191);
  });

  it('grows with the way that the target goes between two frames', () => {
    const at = (speed: number, elapsed = 0.04) => searchSize(sight, target({ speed }), elapsed);
    expect([100, 500, 900, 5000].map((speed) => at(speed))).toEqual([191, 223, 255, 255]);
    expect(at(100, 0.4)).toBe(255);
  });

  it('leaves a long target the same room as a square one', () => {
    const long = { cx: 100, cy: 100, w: 160, h: 20 };
    const at = (known: Partial<Target>) => searchSize(sight, target({ speed: 300, ...known }), 0.04);
    expect(at({})).toBe(191);
    expect(at({ place: long })).toBe(255);
  });

  it('is the largest in doubt, and the usual one while the target is lost', () => {
    const of = (state: 'tracking' | 'uncertain' | 'lost', mean: number) =>
      searchSize(sight, target({ presence: { state, mean } }), 0.04);
    expect([of('tracking', 0.6), of('uncertain', 0.4), of('lost', 0.1)]).toEqual([319, 319, 255]);
  });

  it('is the only one of a model that takes one, and always one that the model takes', () => {
    const number = fc.double({ min: 0, max: 1e4, noNaN: true });
    const mean = fc.double({ min: 0, max: 1, noNaN: true });
    const state = fc.constantFrom('tracking', 'uncertain', 'lost');
    fc.assert(
      fc.property(number, number, mean, state, (speed, elapsed, mean, state) => {
        const known = target({ speed, presence: { state, mean } });
        expect(SIZES).toContain(searchSize(sight, known, elapsed));
        expect(searchSize({ ...sight, sizes: [255] }, known, elapsed)).toBe(255);
      }),
    );
  });
});

describe('the speed of a target', () => {
  const from = { cx: 100, cy: 100, w: 40, h: 40 };
  const moved = (by: number) => ({ ...from, cx: 100 + by });

  it('is learnt at once, in search pixels a second, and forgotten slowly', () => {
    const known = target();
    learnSpeed(sight, known, from, moved(4), 0.04);
    const fast = known.speed;
    expect(fast).toBeCloseTo((4 * 127) / 80 / 0.04);
    learnSpeed(sight, known, from, moved(0), 0.04);
    expect(known.speed).toBeGreaterThan(0.9 * fast);
    learnSpeed(sight, known, from, moved(0), 2);
    expect(known.speed).toBeLessThan(0.05 * fast);
  });

  it('stays what it was where no time has passed', () => {
    const known = target({ speed: 7 });
    learnSpeed(sight, known, from, moved(50), 0);
    expect(known.speed).toBe(7);
  });
});
