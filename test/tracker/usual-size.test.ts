import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOUBTFUL_SIZE, FOUND_SIZE, isUsualSize, nearSize, towards } from '../../src/tracker/usual-size.js';

const side = fc.double({ min: 1, max: 5000, noNaN: true });
const size = fc.record({ w: side, h: side });

describe('the size of a box that is not believed', () => {
  it('stays near the usual one along each side, and its centre where it is', () => {
    fc.assert(
      fc.property(size, size, (now, usual) => {
        const place = nearSize({ cx: 7, cy: -3, ...now }, usual);
        expect([place.cx, place.cy]).toEqual([7, -3]);
        for (const k of ['w', 'h'] as const) {
          expect(place[k]).toBeLessThanOrEqual(usual[k] * DOUBTFUL_SIZE * (1 + 1e-12));
          expect(place[k]).toBeGreaterThanOrEqual((usual[k] / DOUBTFUL_SIZE) * (1 - 1e-12));
          // Never further from what was seen than need be.
          const ratio = now[k] / usual[k];
          if (ratio <= DOUBTFUL_SIZE && ratio >= 1 / DOUBTFUL_SIZE) expect(place[k]).toBe(now[k]);
        }
      }),
    );
  });
});

describe('the size of what is taken for a lost target', () => {
  it('is about the usual one, larger or smaller, however it is shaped', () => {
    const usual = { w: 40, h: 20 };
    const scaled = (by: number, shape = 1) => ({ w: 40 * by * shape, h: (20 * by) / shape });
    for (const shape of [0.3, 1, 3]) {
      for (const by of [1, FOUND_SIZE * 0.99, 1.01 / FOUND_SIZE])
        expect(isUsualSize(scaled(by, shape), usual)).toBe(true);
      for (const by of [FOUND_SIZE * 1.01, 0.99 / FOUND_SIZE, 9])
        expect(isUsualSize(scaled(by, shape), usual)).toBe(false);
    }
  });
});

describe('a usual size', () => {
  it('moves by a share of the way, in proportion', () => {
    expect(towards({ w: 10, h: 80 }, { w: 40, h: 20 }, 0.5)).toEqual({
      w: expect.closeTo(20, 9),
      h: expect.closeTo(40, 9),
    });
  });
});
