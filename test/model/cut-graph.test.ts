import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { CUT_INPUTS, withCuts } from '../../src/model/cut-graph.js';
import { cutTables } from '../../src/model/cut-tables.js';
import { copyCutout, cutCrop, cutoutOf, type PictureCrop } from '../../src/model/cutout.js';
import { encodeOnnx } from '../../src/onnx/index.js';

const layouts = {
  RGB: { channelOrder: 'RGB', scale: 1, mean: [118, 117, 116], std: [60, 59, 58] },
  BGR: { channelOrder: 'BGR', scale: 1, mean: [0, 1, 2], std: [1, 1, 1] },
} as const;

function noise(width: number, height: number, seed: number) {
  const plane = (length: number, of: number) =>
    Uint8Array.from({ length }, (_, k) => (((k + 1) * 7919 * (seed + of)) ^ (k >> 3)) & 255);
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  return { y: plane(width * height, 1), u: plane(chroma, 2), v: plane(chroma, 3) };
}

describe('crops cut by a graph', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    const encoder = {
      name: 'as it is',
      inputs: [],
      outputs: [{ name: 'crops' }],
      nodes: [{ op: 'Identity', inputs: ['input'], outputs: ['crops'] }],
      constants: new Map(),
    };
    session = await InferenceSession.create(encodeOnnx(withCuts(encoder, 'input')));
  });

  async function run(crops: readonly PictureCrop[], size: number, room = crops.length): Promise<Tensor> {
    const tables = cutTables(crops, size, room);
    if (!tables) throw new Error('Expected tables.');
    const { samples, places, steps, shares, colours } = tables;
    const { crops: out } = await session.run({
      [CUT_INPUTS.samples]: new Tensor('uint8', samples, [samples.length]),
      [CUT_INPUTS.places]: new Tensor('int32', places, [room, 4, size]),
      [CUT_INPUTS.steps]: new Tensor('int32', steps, [room, 6]),
      [CUT_INPUTS.shares]: new Tensor('float32', shares, [room, 6, size]),
      [CUT_INPUTS.colours]: new Tensor('float32', colours, [room, 3, 7]),
    });
    return out;
  }

  const crop = fc
    .record({
      width: fc.integer({ min: 1, max: 90 }),
      height: fc.integer({ min: 1, max: 90 }),
      cx: fc.double({ min: -60, max: 150, noNaN: true }),
      cy: fc.double({ min: -60, max: 150, noNaN: true }),
      side: fc.double({ min: 1, max: 200, noNaN: true }),
      seed: fc.integer({ min: 1, max: 50 }),
      order: fc.constantFrom('RGB' as const, 'BGR' as const),
      range: fc.constantFrom('full' as const, 'limited' as const),
      matrix: fc.constantFrom('bt601' as const, 'bt709' as const, 'bt2020' as const),
    })
    .map(({ width, height, cx, cy, side, seed, order, range, matrix }): PictureCrop => {
      const picture = { width, height, ...noise(width, height, seed), range, matrix };
      return { picture, cx, cy, side, mean: [90, 100, 110], layout: layouts[order] };
    });

  it('are those that the processor cuts, wherever they lie and whatever the pictures are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(crop, { minLength: 1, maxLength: 4 }), async (crops) => {
        const size = 32;
        const expected = new Float32Array(crops.length * 3 * size * size);
        for (const [k, one] of crops.entries()) cutCrop(one, size, expected, k * 3 * size * size);
        const { data, dims } = await run(crops, size);
        expect(dims).toEqual([crops.length, 3, size, size]);
        const apart = (data as Float32Array).reduce(
          (most, x, k) => Math.max(most, Math.abs(x - expected[k])),
          0,
        );
        expect(apart).toBeLessThan(2e-3);
      }),
      { numRuns: 200 },
    );
  });

  it('are the same from the part of a picture that was copied, and from all of it', async () => {
    await fc.assert(
      fc.asyncProperty(crop, async (whole) => {
        const cutout = cutoutOf(whole);
        if (!cutout) throw new Error('Expected a part.');
        const part = copyCutout(whole, cutout, new Uint8Array(cutout.bytes), 0);
        expect((await run([part], 16)).data).toEqual((await run([whole], 16)).data);
      }),
      { numRuns: 100 },
    );
  });

  it('come with nothing where there is room left', async () => {
    const one: PictureCrop = {
      picture: { width: 40, height: 30, ...noise(40, 30, 1), range: 'full', matrix: 'bt601' },
      ...{ cx: 20, cy: 15, side: 25, mean: [0, 0, 0], layout: layouts.RGB },
    };
    const [alone, padded] = [await run([one], 16), await run([one], 16, 4)];
    expect((padded.data as Float32Array).slice(0, 768)).toEqual(alone.data);
    expect((padded.data as Float32Array).slice(768).every((x) => x === 0)).toBe(true);
  });

  it('are not made of what cannot be cut', () => {
    const picture = { width: 40, height: 30, ...noise(40, 30, 1), range: 'full', matrix: 'bt601' } as const;
    const whole = {
      picture,
      cx: Number.NaN,
      cy: 15,
      side: 25,
      mean: [0, 0, 0],
      layout: layouts.RGB,
    } as const;
    expect(cutTables([whole], 16, 1)).toBeUndefined();
  });
});
