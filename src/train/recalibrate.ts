import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from './data/batch.js';
import type { Statistics, Weights } from './network.js';
import { batchTensors, forward, type StepInput } from './step.js';

/**
 * Batch-norm statistics of given weights over given batches. Averaged weights need their own: statistics gathered
 * while training belong to the weights of the moment, whose activations are larger (Izmailov 2018, 3.2).
 */
export function recalibrate(
  input: StepInput,
  weights: () => Weights,
  batches: readonly Batch[],
): Map<string, Statistics> {
  const { tf, network } = input;
  const sums = new Map<string, { mean: Float64Array; square: Float64Array }>(
    network.normLayers.map((l) => [
      l.name,
      { mean: new Float64Array(l.outChannels), square: new Float64Array(l.outChannels) },
    ]),
  );
  for (const batch of batches) {
    const record = new Map<string, Statistics>();
    tf.tidy(() => {
      const tensors = batchTensors({ ...input, teacherGrid: undefined, featureScale: undefined }, batch);
      forward(tf, network, weights(), tensors, record);
    });
    for (const [name, { mean, variance }] of record) {
      const [m, v] = [mean.dataSync(), variance.dataSync()];
      const sum = sums.get(name) as { mean: Float64Array; square: Float64Array };
      for (let c = 0; c < m.length; c++) {
        sum.mean[c] += m[c] / batches.length;
        sum.square[c] += (v[c] + m[c] * m[c]) / batches.length;
      }
      tf.dispose([mean, variance]);
    }
  }
  return new Map(
    [...sums].map(([name, { mean, square }]) => [
      name,
      {
        mean: tf.tensor1d(Float32Array.from(mean)) as Tensor1D,
        variance: tf.tensor1d(Float32Array.from(square, (s, c) => Math.max(0, s - mean[c] ** 2))) as Tensor1D,
      },
    ]),
  );
}
