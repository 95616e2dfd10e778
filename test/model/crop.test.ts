import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import type { I420Picture } from '../../src/common/index.js';
import { type Colour, type CropLayout, cropContext, meanColour } from '../../src/model/index.js';
import { CROP_WASM } from '../../src/model/kernel/crop-wasm.js';
import { drawPicture, noisePicture } from './pictures.js';

const PLAIN: CropLayout = { channelOrder: 'RGB', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };

/** What cropContext documents, pixel by pixel in double precision. */
function slowCrop(
  p: I420Picture,
  cx: number,
  cy: number,
  side: number,
  n: number,
  mean: Colour,
): Float64Array {
  const [kr, kb] = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] }[p.matrix];
  const kg = 1 - kr - kb;
  const limited = p.range === 'limited';
  const clamp = (value: number, top: number) => Math.min(top, Math.max(0, value));
  const sample = (plane: Uint8Array, w: number, h: number, x: number, y: number) => {
    const [a, b] = [clamp(x, w - 1), clamp(y, h - 1)];
    const [x0, y0] = [Math.floor(a), Math.floor(b)];
    const [x1, y1] = [Math.min(w - 1, x0 + 1), Math.min(h - 1, y0 + 1)];
    const top = plane[y0 * w + x0] * (1 - a + x0) + plane[y0 * w + x1] * (a - x0);
    const bottom = plane[y1 * w + x0] * (1 - a + x0) + plane[y1 * w + x1] * (a - x0);
    return top * (1 - b + y0) + bottom * (b - y0);
  };
  const inside = (at: number, top: number) => clamp(at < 0 ? 1 + at : 1 - (at - top), 1);
  const cw = Math.ceil(p.width / 2);
  const ch = Math.ceil(p.height / 2);
  const out = new Float64Array(3 * n * n);
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++) {
      const x = cx - side / 2 + ((i + 0.5) * side) / n - 0.5;
      const y = cy - side / 2 + ((j + 0.5) * side) / n - 0.5;
      const [px, py] = [clamp(x, p.width - 1), clamp(y, p.height - 1)];
      const luma = (sample(p.y, p.width, p.height, px, py) - (limited ? 16 : 0)) * (limited ? 255 / 219 : 1);
      const chroma = (plane: Uint8Array) =>
        (sample(plane, cw, ch, (px - 0.5) / 2, (py - 0.5) / 2) - 128) * (limited ? 255 / 224 : 1);
      const [u, v] = [chroma(p.u), chroma(p.v)];
      const red = luma + 2 * (1 - kr) * v;
      const blue = luma + 2 * (1 - kb) * u;
      const green = (luma - kr * red - kb * blue) / kg;
      const share = inside(x, p.width - 1) * inside(y, p.height - 1);
      for (const [c, value] of [red, green, blue].entries())
        out[c * n * n + j * n + i] = mean[c] + (clamp(value, 255) - mean[c]) * share;
    }
  return out;
}

function crop(p: I420Picture, cx: number, cy: number, side: number, n: number, mean: Colour, layout = PLAIN) {
  const out = new Float32Array(3 * n * n);
  cropContext(p, cx, cy, side, n, mean, out, 0, layout);
  return out;
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < a.length; k++) most = Math.max(most, Math.abs(a[k] - b[k]));
  return most;
}

describe('context crop', () => {
  it('is what a slow double-precision crop gives, wherever it lies and whatever the picture is like', () => {
    fc.assert(
      fc.property(
        fc.record({
          width: fc.integer({ min: 1, max: 90 }),
          height: fc.integer({ min: 1, max: 70 }),
          x: fc.double({ min: -0.6, max: 1.6, noNaN: true }),
          y: fc.double({ min: -0.6, max: 1.6, noNaN: true }),
          side: fc.double({ min: 0.5, max: 260, noNaN: true }),
          size: fc.integer({ min: 4, max: 41 }),
          seed: fc.nat(1000),
          range: fc.constantFrom('full' as const, 'limited' as const),
          matrix: fc.constantFrom('bt601' as const, 'bt709' as const, 'bt2020' as const),
        }),
        ({ width, height, x, y, side, size, seed, range, matrix }) => {
          const picture = noisePicture(width, height, seed, range, matrix);
          const mean = [90, 120.5, 30] as const;
          const fast = crop(picture, x * width, y * height, side, size, mean);
          const slow = slowCrop(picture, x * width, y * height, side, size, mean);
          expect(worst(fast, slow)).toBeLessThan(0.01);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is exact at the sizes networks use, on a wide picture of which it needs a small part', () => {
    const picture = noisePicture(1280, 720, 7, 'limited', 'bt709');
    for (const [cx, cy, side] of [
      [640.3, 360.7, 180.2],
      [3.5, 2.25, 93],
      [1279, 719, 400],
      [600, 300, 1500],
    ])
      expect(
        worst(crop(picture, cx, cy, side, 255, [1, 2, 3]), slowCrop(picture, cx, cy, side, 255, [1, 2, 3])),
      ).toBeLessThan(0.01);
  });

  it('moves with a sub-pixel shift of the centre', () => {
    const ramp = drawPicture(64, 64, [0, 0, 0]);
    for (let j = 0; j < 64; j++) for (let i = 0; i < 64; i++) ramp.y[j * 64 + i] = 2 * i;
    const at = (cx: number) => crop(ramp, cx, 32, 16, 16, [0, 0, 0])[8 * 16 + 8];
    expect(at(32.25) - at(32)).toBeCloseTo(0.5, 4);
  });

  it('is the mean colour where it lies wholly outside', () => {
    const out = crop(noisePicture(20, 20, 1), -100, -100, 50, 8, [10, 20, 30]);
    expect([...new Set(out.subarray(0, 64))]).toEqual([10]);
    expect([...new Set(out.subarray(128))]).toEqual([30]);
  });

  it('orders and normalises channels as asked, and writes at the offset only', () => {
    const picture = drawPicture(40, 40, [200, 100, 50]);
    const out = new Float32Array(3 * 16 + 2).fill(-7);
    cropContext(picture, 20, 20, 10, 4, [0, 0, 0], out, 1, {
      channelOrder: 'BGR',
      scale: 1 / 255,
      mean: [0.1, 0.2, 0.3],
      std: [0.5, 1, 2],
    });
    expect(out[0]).toBe(-7);
    expect(out[49]).toBe(-7);
    expect(out[1]).toBeCloseTo((50 / 255 - 0.1) / 0.5, 1);
    expect(out[17]).toBeCloseTo(100 / 255 - 0.2, 1);
    expect(out[33]).toBeCloseTo((200 / 255 - 0.3) / 2, 1);
  });

  it.each([
    ['a side of 0', 5, 5, 0, 8],
    ['a side that is not a number', 5, 5, Number.NaN, 8],
    ['an infinite centre', Number.POSITIVE_INFINITY, 5, 5, 8],
    ['an output of 3 pixels', 5, 5, 5, 3],
    ['an output that does not fit', 5, 5, 5, 300],
  ])('refuses %s', (_, cx, cy, side, size) => {
    const call = () =>
      cropContext(noisePicture(9, 9, 1), cx, cy, side, size, [0, 0, 0], new Float32Array(192), 0, PLAIN);
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('mean colour', () => {
  it('is the colour of a picture of one colour', () => {
    const [r, g, b] = meanColour(drawPicture(11, 7, [200, 90, 30]));
    expect(Math.abs(r - 200) + Math.abs(g - 90) + Math.abs(b - 30)).toBeLessThan(3);
  });
});

describe('crop kernel', () => {
  it('is what its source assembles to', async () => {
    const source = readFileSync(new URL('../../src/model/kernel/crop.wat', import.meta.url), 'utf8');
    const { buffer } = (await wabt()).parseWat('crop.wat', source, { simd: true }).toBinary({});
    expect(Buffer.from(buffer).toString('base64')).toBe(CROP_WASM);
  });
});
