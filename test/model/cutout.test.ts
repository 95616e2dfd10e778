import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyCutout, cutCrop, cutoutOf, type PictureCrop } from '../../src/model/cutout.js';

const layout = { channelOrder: 'RGB', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;

function crop(width: number, height: number, cx: number, cy: number, side: number): PictureCrop {
  const noise = (length: number) => Uint8Array.from({ length }, (_, k) => (k * 7919 + (k >> 3) * 31) & 255);
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  const planes = { y: noise(width * height), u: noise(chroma), v: noise(chroma) };
  const picture = { width, height, ...planes, range: 'limited', matrix: 'bt709' } as const;
  return { picture, cx, cy, side, mean: [90, 100, 110], layout };
}

function cut(of: PictureCrop): Float32Array {
  const out = new Float32Array(3 * 32 * 32);
  cutCrop(of, 32, out, 0);
  return out;
}

describe('the part of a picture that a crop needs', () => {
  it('gives the very numbers that the whole picture gives, wherever it lies', () => {
    const length = fc.integer({ min: 1, max: 90 });
    const at = fc.double({ min: -60, max: 150, noNaN: true });
    const side = fc.double({ min: 1, max: 120, noNaN: true });
    fc.assert(
      fc.property(length, length, at, at, side, (width, height, cx, cy, s) => {
        const whole = crop(width, height, cx, cy, s);
        const cutout = cutoutOf(whole);
        if (!cutout) throw new Error('Expected a part.');
        const bytes = new Uint8Array(new SharedArrayBuffer(cutout.bytes + 5));
        const expected = cut(whole);
        const got = cut(copyCutout(whole, cutout, bytes, 5));
        expect(Buffer.compare(Buffer.from(got.buffer), Buffer.from(expected.buffer))).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('is small where the crop is', () => {
    const cutout = cutoutOf(crop(640, 360, 300.5, 200.25, 40));
    expect(cutout?.width).toBeLessThan(54);
    expect(cutout?.height).toBeLessThan(54);
  });

  it('is never more than the picture', () => {
    expect(cutoutOf(crop(41, 31, 20, 15, 500))).toEqual({
      left: 0,
      top: 0,
      width: 41,
      height: 31,
      bytes: 41 * 31 + 2 * 21 * 16,
    });
  });

  it('does not exist for a crop that cannot be cut', () => {
    expect(cutoutOf(crop(40, 30, Number.NaN, 10, 20))).toBeUndefined();
    expect(cutoutOf(crop(40, 30, 10, 10, 0))).toBeUndefined();
  });
});
