import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { rgbToI420 } from '../../src/ingest/rgb-to-i420.js';
import { loadModel } from '../../src/model/index.js';
import { Tracker } from '../../src/tracker/index.js';
import {
  type Checkpoint,
  calibrationCrops,
  exportModel,
  fineTuneConfig,
  networkSchema,
  readCheckpoint,
  train,
} from '../../src/train/index.js';
import { Network, PIXEL_MEAN, PIXEL_SCALE, type Statistics } from '../../src/train/network.js';
import { Random } from '../../src/train/random.js';
import { makeClips, TINY, tinyRecipe } from './recipe.js';
import { describeTensorFlow } from './tensorflow.js';

const details = {
  name: 'tiny',
  version: '1',
  licence: 'Apache-2.0',
  trainingData: 'none',
  tracker: { windowInfluence: 0.4, penaltyK: 0.1, sizeSmoothing: 0.4 },
};
const input = { template: 127, search: 255, contextAmount: 0.5 };

/** The first picture of a clip of {@link makeClips}, as I420, and its box. */
async function stillOf(clip: string): Promise<{ pixels: Uint8Array; box: [number, number, number, number] }> {
  const rgb = await sharp(join(clip, 'img', '1.png'))
    .removeAlpha()
    .raw()
    .toBuffer();
  const lines = await readFile(join(clip, 'groundtruth_rect.txt'), 'utf8');
  const [x, y, w, h] = lines.split('\n')[0].split(',').map(Number);
  return { pixels: rgbToI420(rgb, 200, 160, 3), box: [x - 1, y - 1, w, h] };
}

describeTensorFlow('export', (tf) => {
  const spec = networkSchema.parse({
    stages: [
      { kind: 'conv', channels: 8, stride: 2 },
      { kind: 'conv', channels: 16, stride: 2 },
      { kind: 'conv', channels: 16, stride: 4, kernel: 5 },
      { kind: 'residual', middle: 8 },
    ],
    embedding: 12,
    head: { channels: 16, depth: 2 },
  });
  const network = new Network(tf, spec, input.template);
  const random = new Random(5);

  /** Random weights and statistics as a trained network might have them. */
  function checkpoint(): Checkpoint {
    const average = network.initialWeights(random).map((v) => v + random.normal() * 0.02);
    const arrays: Record<string, Float32Array> = { average, weights: average };
    for (const { name, outChannels } of network.normLayers) {
      arrays[`${name}.mean`] = Float32Array.from({ length: outChannels }, () => random.normal() * 0.3);
      arrays[`${name}.variance`] = Float32Array.from({ length: outChannels }, () => random.uniform(0.3, 3));
    }
    return { header: { name: 'tiny', step: 1, network: spec, input }, arrays };
  }

  it('computes in ONNX Runtime what TensorFlow computes, to 1e-4 of the largest output', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const saved = checkpoint();
    const manifest = await exportModel(saved, folder, details);
    const n = 2;
    const pixels = (size: number) =>
      Float32Array.from({ length: n * size * size * 3 }, () => random.uniform(0, 255));

    const statistics = new Map<string, Statistics>(
      network.normLayers.map(({ name }) => [
        name,
        {
          mean: tf.tensor1d(saved.arrays[`${name}.mean`]),
          variance: tf.tensor1d(saved.arrays[`${name}.variance`]),
        },
      ]),
    );
    const parts = tf.split(
      tf.tensor1d(saved.arrays.average),
      network.parameters.map((p) => p.size),
    );
    const weights = new Map(
      parts.map((t, i) => [network.parameters[i].name, t.reshape(network.parameters[i].shape as number[])]),
    );
    const mode = { kind: 'fixed', statistics } as const;
    const encode = (data: Float32Array, size: number) =>
      network.encode(tf.tensor4d(data, [n, size, size, 3]), weights, mode);

    const [encoder, head] = await Promise.all(
      ['encoder', 'head'].map((f) => InferenceSession.create(join(folder, `${f}.onnx`))),
    );
    const planar = (data: Float32Array, size: number) => {
      const t = tf
        .tensor4d(data, [n, size, size, 3])
        .sub(PIXEL_MEAN)
        .div(PIXEL_SCALE)
        .transpose([0, 3, 1, 2]);
      return new OrtTensor('float32', t.dataSync() as Float32Array, [n, 3, size, size]);
    };
    const close = (tensor: Tensor, onnx: OrtTensor) => {
      const reference = tf.transpose(tensor as Tensor4D, [0, 3, 1, 2]);
      expect(onnx.dims).toEqual(reference.shape);
      const scale = Math.max(1, reference.abs().max().dataSync()[0]);
      const worst = reference
        .sub(tf.tensor(onnx.data as Float32Array, reference.shape))
        .abs()
        .max()
        .dataSync()[0];
      expect(worst / scale).toBeLessThan(1e-4);
    };
    const z = pixels(input.template);
    const template = encode(z, input.template);
    const zo = (await encoder.run({ input: planar(z, input.template) })).embedding;
    close(template, zo);
    const others = (manifest.head.kind === 'box' && manifest.head.otherSearches) || [];
    expect(others.map(({ side }) => side)).toEqual([191, 223, 319]);
    for (const size of [input.search, ...others.map(({ side }) => side)]) {
      const x = pixels(size);
      const search = encode(x, size);
      const { score, box } = network.head(template, search, weights, mode);
      const xo = (await encoder.run({ input: planar(x, size) })).embedding;
      const out = await head.run({ template: zo, search: xo });
      close(search, xo);
      close(score, out.score);
      close(box, out.box);
    }
  });

  it('writes a folder that loads as a model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const manifest = await exportModel(checkpoint(), folder, details);
    expect(manifest.head).toMatchObject({
      kind: 'box',
      grid: { size: 16, offset: -128 },
      otherSearches: [
        { side: 191, grid: { size: 12, offset: -96 } },
        { side: 223, grid: { size: 14, offset: -112 } },
        { side: 319, grid: { size: 20, offset: -160 } },
      ],
    });
    const model = await loadModel(folder);
    expect(model.manifest.name).toBe('tiny');
    await model.dispose();
  });

  it('writes 8-bit weights that say nearly what the float32 ones say', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const count = 4;
    const pictures = (size: number) => {
      const data = new Float32Array(count * size * size * 3);
      // Smooth pictures: noise would leave nothing for an average to hold on to.
      for (let i = 0; i < data.length; i++)
        data[i] = 128 + 100 * Math.sin(i / 997) * Math.cos((i % (size * 3)) / 61);
      return data;
    };
    const calibration = { templates: pictures(input.template), searches: pictures(input.search), count };
    const manifest = await exportModel(checkpoint(), folder, details, calibration);
    expect(manifest.files.int8?.encoder.path).toBe('encoder.int8.onnx');
    const crop = calibration.searches.subarray(0, input.search ** 2 * 3);
    const planar = tf
      .tensor4d(crop, [1, input.search, input.search, 3])
      .sub(PIXEL_MEAN)
      .div(PIXEL_SCALE)
      .transpose([0, 3, 1, 2]);
    const embed = async (file: string) => {
      const session = await InferenceSession.create(join(folder, file));
      const feeds = { input: new OrtTensor('float32', planar.dataSync() as Float32Array, planar.shape) };
      return (await session.run(feeds)).embedding.data as Float32Array;
    };
    const [exact, whole] = [await embed('encoder.onnx'), await embed('encoder.int8.onnx')];
    let [error, power] = [0, 0];
    for (const [i, v] of exact.entries()) {
      error += (v - whole[i]) ** 2;
      power += v ** 2;
    }
    expect(error).toBeGreaterThan(0);
    expect(Math.sqrt(error / power)).toBeLessThan(0.1);
  });

  it('writes the plain form: a response, and the gain and bias that say whether it is the target', async () => {
    const clips = await makeClips(6);
    const config = await tinyRecipe(clips, {
      network: { ...TINY, head: 'response' },
      losses: { score: 0, negative: 0, box: 0, feature: 0, teacherScore: 0, teacherBox: 0, triplet: 1 },
      optimiser: { batch: 8, steps: 40, warmUp: 2, learningRate: 5e-3, average: 0.9 },
      data: { clips: [clips], clipsOneBased: true, validation: 0 },
    });
    await train(tf, config);
    const saved = await readCheckpoint(join(config.output, 'last.ckpt'));
    const trained = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const asTrained = await exportModel(saved, trained, details);
    // No loss read them, weight decay alone: the response is a sum over 4 x 4 cells of 6 channels, which training divides by their number.
    expect(asTrained.head).toMatchObject({ kind: 'siamfc', gain: expect.closeTo(10 / 96, 2), bias: 0 });

    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const manifest = await exportModel(saved, folder, details, await calibrationCrops(config));
    expect(manifest.files.float32).not.toHaveProperty('head');
    expect(manifest.files.int8?.encoder.path).toBe('encoder.int8.onnx');
    const model = await loadModel(folder, { precision: 'float32' });
    const tracker = new Tracker(model);
    const { pixels, box } = await stillOf(join(clips, 'clip0'));
    const [y, u, v] = [0, 32_000, 40_000].map((at, i) => pixels.subarray(at, at + (i === 0 ? 32_000 : 8000)));
    const picture = { width: 200, height: 160, y, u, v, range: 'full', matrix: 'bt601' } as const;
    await tracker.init(picture, box);
    const { score } = await tracker.update(picture);
    await model.dispose();
    expect(score).toBeGreaterThan(0.6);
  });

  it('fine-tunes the plain form by its own response', async () => {
    const clips = await makeClips(3);
    const output = await mkdtemp(join(tmpdir(), 'siamtrack-tune-'));
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const plain = new Network(tf, networkSchema.parse({ ...TINY, head: 'response' }), 127);
    const average = plain.initialWeights(random);
    const arrays: Record<string, Float32Array> = { average };
    for (const { name, outChannels } of plain.normLayers) {
      arrays[`${name}.mean`] = new Float32Array(outChannels);
      arrays[`${name}.variance`] = new Float32Array(outChannels).fill(1);
    }
    await exportModel(
      { header: { name: 'tiny', step: 1, network: plain.spec, input }, arrays },
      folder,
      details,
    );
    const { config, start } = await fineTuneConfig({ from: folder, clips, output, steps: 4 });
    await train(tf, config, { start });
    const tuned = await readCheckpoint(join(output, 'last.ckpt'));
    expect(tuned.arrays.average).not.toEqual(start.arrays.average);
  });

  it('keeps what fine-tuning needs, which starts where the model is and moves from there', async () => {
    const clips = await makeClips(3);
    const first = await tinyRecipe(clips, { network: TINY });
    await train(tf, first);
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    await exportModel(await readCheckpoint(join(first.output, 'last.ckpt')), folder, details);
    const output = await mkdtemp(join(tmpdir(), 'siamtrack-tune-'));
    const { config, start } = await fineTuneConfig({ from: folder, clips, output, steps: 6 });
    await train(tf, config, { start });
    const tuned = await readCheckpoint(join(output, 'last.ckpt'));
    const moved = tuned.arrays.average.reduce(
      (m, v, i) => Math.max(m, Math.abs(v - start.arrays.average[i])),
      0,
    );
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(0.05);
    // Frozen batch norm: the statistics are the model's.
    expect(tuned.arrays['encoder.0.mean']).toEqual(start.arrays['encoder.0.mean']);
  });

  it('says so where a model came without its training weights', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    await exportModel(checkpoint(), folder, details);
    const { rm } = await import('node:fs/promises');
    await rm(join(folder, 'training.ckpt'));
    await expect(fineTuneConfig({ from: folder, clips: 'x', output: 'y' })).rejects.toMatchObject({
      code: 'TRAIN_NO_WEIGHTS',
    });
  });
});
