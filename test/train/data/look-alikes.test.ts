import { describe, expect, it } from 'vitest';
import { pasteLookAlike, recoloured, replaceTarget } from '../../../src/train/data/look-alikes.js';
import { Random } from '../../../src/train/random.js';

const SIZE = 96;
const TARGET = { x: 40, y: 52, width: 24, height: 16 };

/** A plain ground with a plain rectangle where the target is. */
function scene(ground: readonly number[], target: readonly number[]) {
  const data = new Float32Array(3 * SIZE * SIZE);
  for (let y = 0, p = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++, p += 3) {
      const on =
        Math.abs(x + 0.5 - TARGET.x) < TARGET.width / 2 && Math.abs(y + 0.5 - TARGET.y) < TARGET.height / 2;
      data.set(on ? target : ground, p);
    }
  }
  return { data, at: 0, size: SIZE };
}
const pixel = (data: ArrayLike<number>, x: number, y: number) =>
  [0, 1, 2].map((c) => data[3 * (Math.floor(y) * SIZE + Math.floor(x)) + c]);
const distance = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, c) => sum + Math.abs(v - b[c]), 0) / 3;

describe('a recoloured target', () => {
  it.each([
    ['a colour', [200, 40, 30]],
    ['grey', [128, 128, 128]],
    ['white', [255, 255, 255]],
    ['black', [0, 0, 0]],
  ])('looks different, some part of it, if it was of %s', (_, colour) => {
    let changed = 0;
    for (let seed = 0; seed < 60; seed++) {
      const data = recoloured(scene([90, 110, 80], colour), TARGET, new Random(seed));
      const parts = [
        [-6, -4],
        [6, -4],
        [-6, 4],
        [6, 4],
      ].map(([dx, dy]) => distance(pixel(data, TARGET.x + dx, TARGET.y + dy), colour));
      if (Math.max(...parts) > 15) changed++;
      expect(data.every((v) => v >= 0 && v <= 255)).toBe(true);
    }
    expect(changed).toBe(60);
  });

  it('is only in part another in half of the cases', () => {
    const colour = [200, 40, 30];
    let halves = 0;
    for (let seed = 0; seed < 200; seed++) {
      const data = recoloured(scene([90, 110, 80], colour), TARGET, new Random(seed));
      const kept = [
        [-6, -4],
        [6, 4],
      ].map(([dx, dy]) => distance(pixel(data, TARGET.x + dx, TARGET.y + dy), colour) < 1);
      if (kept[0] !== kept[1]) halves++;
    }
    expect(halves).toBeGreaterThan(70);
    expect(halves).toBeLessThan(130);
  });

  it('leaves the crop itself alone', () => {
    const crop = scene([1, 2, 3], [200, 40, 30]);
    const before = crop.data.slice();
    recoloured(crop, TARGET, new Random(1));
    expect(crop.data).toEqual(before);
  });
});

describe('a look-alike', () => {
  it('is where it is said to be, and the target stays as it was before it', () => {
    const [ground, colour] = [
      [90, 110, 80],
      [200, 40, 30],
    ];
    for (let seed = 0; seed < 60; seed++) {
      const crop = scene(ground, colour);
      const copy = pasteLookAlike(crop, TARGET, new Random(seed));
      expect(copy.width / TARGET.width).toBeCloseTo(copy.height / TARGET.height, 9);
      expect(Math.abs(Math.log(copy.width / TARGET.width))).toBeLessThanOrEqual(0.2);
      for (const [dx, dy] of [
        [0, 0],
        [-9, -5],
        [9, 5],
      ])
        expect(pixel(crop.data, TARGET.x + dx, TARGET.y + dy)).toEqual(colour);
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
          const inside =
            Math.abs(x + 0.5 - copy.x) <= copy.width / 2 && Math.abs(y + 0.5 - copy.y) <= copy.height / 2;
          const own = Math.abs(x + 0.5 - TARGET.x) < 12 && Math.abs(y + 0.5 - TARGET.y) < 8;
          // Every pixel of 60 pictures: a matcher for each would take seconds.
          if (!inside && distance(pixel(crop.data, x, y), own ? colour : ground) > 0)
            expect.fail(`${x}, ${y} is outside of ${JSON.stringify(copy)}`);
        }
      }
    }
  });

  it('is mostly to be seen: on the other side where it would be outside', () => {
    let seen = 0;
    for (let seed = 0; seed < 100; seed++) {
      const { x, y } = pasteLookAlike(scene([90, 110, 80], [200, 40, 30]), TARGET, new Random(seed));
      if (x > 0 && y > 0 && x < SIZE && y < SIZE) seen++;
    }
    expect(seen).toBeGreaterThan(95);
  });

  it('is drawn the same from the same seed', () => {
    const [a, b] = [scene([90, 110, 80], [200, 40, 30]), scene([90, 110, 80], [200, 40, 30])];
    expect(pasteLookAlike(a, TARGET, new Random(7))).toEqual(pasteLookAlike(b, TARGET, new Random(7)));
    expect(a.data).toEqual(b.data);
  });
});

describe('what takes the place of a target', () => {
  it('covers it and fades at its rim', () => {
    const crop = scene([90, 90, 90], [200, 200, 200]);
    replaceTarget(crop, TARGET, new Float32Array(3 * SIZE * SIZE).fill(10), 1);
    expect(pixel(crop.data, TARGET.x, TARGET.y)).toEqual([10, 10, 10]);
    expect(pixel(crop.data, TARGET.x + 9, TARGET.y)).toEqual([10, 10, 10]);
    const [rim] = pixel(crop.data, TARGET.x + 11, TARGET.y);
    expect(rim).toBeGreaterThan(10);
    expect(rim).toBeLessThan(200);
    expect(pixel(crop.data, TARGET.x + 13, TARGET.y)).toEqual([90, 90, 90]);
  });
});
