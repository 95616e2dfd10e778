import { describe, expect, it } from 'vitest';
import { shade, transplant } from '../../../src/train/data/augment.js';

describe('a transplanted target', () => {
  const SIZE = 64;
  const crop = (value: number) => ({
    data: new Float32Array(3 * SIZE * SIZE).fill(value),
    at: 0,
    size: SIZE,
  });
  const target = { x: 24, y: 40, width: 20, height: 12 };
  const moved = (reach: number) => {
    const search = crop(200);
    transplant(search, target, crop(50), reach);
    return (x: number, y: number) => search.data[3 * (y * SIZE + x)];
  };

  it('is kept with what its reach takes in, and fades into the other background', () => {
    const at = moved(1);
    expect(at(24, 40)).toBe(200);
    expect(at(17, 40)).toBe(200);
    expect(at(24, 36)).toBe(200);
    // At the rim it is neither, beyond it the background; corners are round.
    expect(at(14, 40)).toBeGreaterThan(50);
    expect(at(14, 40)).toBeLessThan(200);
    for (const [x, y] of [
      [12, 40],
      [24, 32],
      [24, 48],
      [14, 34],
      [0, 0],
    ])
      expect(at(x, y), `${x}, ${y}`).toBe(50);
    expect(moved(1.5)(12, 40)).toBe(200);
  });

  it('leaves the background where it was', () => {
    const background = crop(50);
    transplant(crop(200), target, background, 1);
    expect(background.data.every((v) => v === 50)).toBe(true);
  });
});

describe('a shaded template', () => {
  it("keeps its target and fades into the picture's mean colour", () => {
    const data = new Float32Array(3 * 63 * 63).fill(200);
    shade(
      { data, at: 0, size: 63 },
      { margin: 4, outside: 0.25 },
      { width: 20, height: 20, mean: [40, 80, 120] },
    );
    const at = (x: number, y: number) => [...data.subarray(3 * (y * 63 + x), 3 * (y * 63 + x) + 3)];
    expect(at(31, 31)).toEqual([200, 200, 200]);
    expect(at(0, 0)).toEqual([40, 80, 120].map((mean) => mean + 0.25 * (200 - mean)));
  });
});
