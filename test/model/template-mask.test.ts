import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskOf, maskTemplate, shadeOf } from '../../src/model/index.js';

const MASK = { margin: 8, outside: 0.2 };

describe('a mask of template embeddings', () => {
  it('is 1 on the target, what is left off it, and between them at the rim', () => {
    // Cells at -64, -48, ... 48 px; a target of 32 px and its margin reach to 24 px, half a cell more and less for the rim.
    const mask = maskOf({ margin: 8, outside: 0 }, 8, 16, 32, 1000);
    expect([...mask.subarray(0, 8)]).toEqual([0, 0, 0, 1, 1, 1, 0, 0]);
    const wider = maskOf({ margin: 16, outside: 0.2 }, 8, 16, 32, 1000);
    expect(wider[2]).toBeCloseTo(0.2 + 0.8 * 0.5, 6);
  });

  it('never grows where the target gets smaller, is symmetric about the middle cell, and stays within its bounds', () => {
    const size = fc.double({ min: 1, max: 127, noNaN: true });
    fc.assert(
      fc.property(size, size, fc.double({ min: 0.1, max: 1, noNaN: true }), (w, h, shrink) => {
        const [large, small] = [maskOf(MASK, 8, 16, w, h), maskOf(MASK, 8, 16, w * shrink, h * shrink)];
        for (const [k, v] of large.entries()) {
          expect(small[k]).toBeLessThanOrEqual(v);
          expect(v).toBeGreaterThanOrEqual(Math.fround(0.2));
          expect(v).toBeLessThanOrEqual(1);
        }
        const at = (i: number, j: number) => large[j * 8 + i];
        for (let d = 0; d < 4; d++) {
          expect(at(4 + d, 4)).toBe(at(4 - d, 4));
          expect(at(4, 4 + d)).toBe(at(4, 4 - d));
        }
        expect(at(4, 4)).toBe(1);
      }),
    );
  });

  it('weighs every channel alike, by the target and its context, in whatever pixels they are', () => {
    const embedding = { side: 8, channels: 2, data: new Float32Array(128).fill(3) };
    const crop = { stride: 16, contextAmount: 0.5, template: 127 };
    const masked = maskTemplate(embedding, MASK, { w: 10, h: 60 }, crop);
    const again = maskTemplate(embedding, MASK, { w: 5, h: 30 }, crop);
    expect(masked).toMatchObject({ side: 8, channels: 2 });
    expect(masked.data.subarray(0, 64)).toEqual(masked.data.subarray(64));
    for (const [k, v] of masked.data.entries()) expect(again.data[k]).toBeCloseTo(v, 5);
    expect(embedding.data.every((v) => v === 3)).toBe(true);
    // Tall and narrow: the middle column is kept, the first is not.
    expect(masked.data[4 * 8 + 4]).toBe(3);
    expect(masked.data[4 * 8]).toBeCloseTo(0.6, 5);
  });
});

describe('a shade of template crops', () => {
  const SHADE = { margin: 12, outside: 0.2 };

  it('keeps the target and its margin, and fades to what is left', () => {
    const kept = shadeOf({ margin: 10, outside: 0 }, 127, 40, 20);
    const at = (dx: number, dy: number) => kept[(63 + dy) * 127 + 63 + dx];
    expect(at(0, 0)).toBe(1);
    expect(at(20, 0)).toBe(1);
    expect(at(0, 20)).toBe(1);
    // Half of the rim beyond 30 px along x, which is 0.3 of it.
    expect(at(0, 23)).toBeCloseTo(0.5, 5);
    expect(at(45, 0)).toBe(0);
    expect(at(0, 30)).toBe(0);
    // Round corners.
    expect(at(29, 19)).toBeLessThan(1);
  });

  it('is symmetric, never grows where the target gets smaller, and stays within its bounds', () => {
    const size = fc.double({ min: 1, max: 127, noNaN: true });
    fc.assert(
      fc.property(size, size, fc.double({ min: 0.1, max: 1, noNaN: true }), (w, h, shrink) => {
        const [large, small] = [shadeOf(SHADE, 31, w, h), shadeOf(SHADE, 31, w * shrink, h * shrink)];
        for (const [k, v] of large.entries()) {
          expect(small[k]).toBeLessThanOrEqual(v);
          expect(v).toBeGreaterThanOrEqual(Math.fround(0.2));
          expect(v).toBeLessThanOrEqual(1);
          expect(large[large.length - 1 - k]).toBe(v);
        }
      }),
      { numRuns: 30 },
    );
  });
});
