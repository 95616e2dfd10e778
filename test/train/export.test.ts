import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { loadModel } from '../../src/model/index.js';
import {
  type Checkpoint,
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
    await exportModel(saved, folder, details);
    const n = 2;
    const pixels = (size: number) =>
      Float32Array.from({ length: n * size * size * 3 }, () => random.uniform(0, 255));
    const [z, x] = [pixels(input.template), pixels(input.search)];

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
    const [template, search] = [encode(z, input.template), encode(x, input.search)];
    const { score, box } = network.head(template, search, weights, mode);

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
    const zo = (await encoder.run({ input: planar(z, input.template) })).embedding;
    const xo = (await encoder.run({ input: planar(x, input.search) })).embedding;
    const out = await head.run({ template: zo, search: xo });

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
    close(template, zo);
    close(search, xo);
    close(score, out.score);
    close(box, out.box);
  });

  it('writes a folder that loads as a model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-export-'));
    const manifest = await exportModel(checkpoint(), folder, details);
    expect(manifest.head).toMatchObject({ kind: 'box', grid: { size: 16, offset: -128 } });
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
