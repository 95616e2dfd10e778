import { expect, it } from 'vitest';
import type { Batch } from '../../src/train/data/batch.js';
import { configSchema, networkSchema } from '../../src/train/index.js';
import { Network } from '../../src/train/network.js';
import { Random } from '../../src/train/random.js';
import { recalibrate } from '../../src/train/recalibrate.js';
import { TINY } from './recipe.js';
import { describeTensorFlow } from './tensorflow.js';

describeTensorFlow('batch-norm statistics of given weights', (tf) => {
  const input = { template: 63, search: 127 };
  const network = new Network(tf, networkSchema.parse(TINY), input.template);
  const optimiser = { steps: 1, batch: 2 };
  const config = configSchema.parse({
    name: 't',
    output: 'o',
    cache: 'c',
    data: {},
    network: TINY,
    input,
    optimiser,
  });
  const step = {
    tf,
    network,
    config,
    grid: { cells: 8, stride: 16, offset: -64 },
    teacherGrid: undefined,
    featureScale: undefined,
  };
  const flat = network.initialWeights(new Random(1));
  const weights = () => {
    const parts = tf.split(
      tf.tensor1d(flat),
      network.parameters.map((p) => p.size),
    );
    return new Map(
      parts.map((t, i) => [network.parameters[i].name, t.reshape(network.parameters[i].shape as number[])]),
    );
  };
  const size = { width: 40, height: 40 };
  const template = { ...size, mean: [0, 0, 0] } as const;
  const truth = { cx: 0, cy: 0, ...size, template, certainty: 'box', source: 'a', kind: 'a' } as const;
  /** Two pairs of pictures of one grey value each, so that the first layer's statistics follow from it. */
  const batch = (grey: number): Batch => ({
    index: 0,
    templates: new Float32Array(2 * 63 * 63 * 3).fill(grey),
    searches: new Float32Array(2 * 127 * 127 * 3).fill(grey),
    truths: [truth, truth],
    teacher: undefined,
  });

  it('hold the spread within and between the batches', async () => {
    const first = 'encoder.0';
    const measure = async (...greys: number[]) =>
      (await recalibrate(step, weights, greys.map(batch))).get(first)!;
    const mean = async (...greys: number[]) => (await measure(...greys)).mean.dataSync();
    const variance = async (...greys: number[]) => (await measure(...greys)).variance.dataSync();
    const [dark, bright] = [await mean(30), await mean(200)];
    const both = await mean(30, 200);
    for (const [c, m] of both.entries()) expect(m).toBeCloseTo((dark[c] + bright[c]) / 2, 4);
    const [one, other] = [await variance(30), await variance(200)];
    for (const [c, v] of (await variance(30, 200)).entries()) {
      expect(v).toBeCloseTo((one[c] + other[c]) / 2 + ((dark[c] - bright[c]) / 2) ** 2, 3);
    }
  });

  it('leaves no tensor behind but the statistics', async () => {
    const before = tf.memory().numTensors;
    const statistics = await recalibrate(step, weights, [batch(90)]);
    expect(tf.memory().numTensors - before).toBe(2 * statistics.size);
  });
});
