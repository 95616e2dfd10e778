import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { Batch } from './data/batch.js';
import type { Statistics, Weights } from './network.js';
import { batchTensors, forward, type StepInput } from './step.js';

/**
 * Batch-norm statistics of given weights over given batches. Averaged weights need their own: statistics gathered
 * while training belong to the weights of the moment, whose activations are larger (Izmailov 2018, 3.2).
 */
export async function recalibrate(
  input: StepInput,
  weights: () => Weights,
  batches: readonly Batch[],
): Promise<Map<string, Statistics>> {
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
    // All at once: a GPU takes as long to answer for one as for all.
    const measured = [...record.values()].flatMap(({ mean, variance }) => [mean, variance]);
    const together = tf.concat(measured);
    const values = await together.data<'float32'>();
    tf.dispose([...measured, together]);
    let at = 0;
    for (const [name, { mean }] of record) {
      const c = mean.size;
      const [m, v] = [values.subarray(at, at + c), values.subarray(at + c, at + 2 * c)];
      at += 2 * c;
      const sum = sums.get(name) as { mean: Float64Array; square: Float64Array };
      for (let c = 0; c < m.length; c++) {
        sum.mean[c] += m[c] / batches.length;
        sum.square[c] += (v[c] + m[c] * m[c]) / batches.length;
      }
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
