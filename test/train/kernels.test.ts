import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { composedKernels } from '../../src/train/composed-kernels.js';
import { type Kernels, kernelsFor } from '../../src/train/kernels.js';
import { describeTensorFlow } from './tensorflow.js';

describeTensorFlow('native kernels say what TensorFlow.js composes', (tf) => {
  const native = kernelsFor(tf);
  const composed = composedKernels(tf);
  const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

  /** Value and gradients by both, under one random weighting of the output. */
  function compare(
    operation: (k: Kernels, ...x: Tensor[]) => Tensor,
    inputs: Tensor[],
    kernels = native,
    tolerance = 2e-4,
  ): void {
    const run = (k: Kernels) => {
      const { value, grads } = tf.valueAndGrads((...x: Tensor[]) => {
        const y = operation(k, ...x);
        return y.mul(random(y.shape, 99)).sum().asScalar();
      })(inputs);
      return [value, ...grads];
    };
    const [a, b] = [run(kernels), run(composed)];
    a.forEach((t, i) => {
      const scale = b[i].abs().max().dataSync()[0] + 1;
      expect(t.sub(b[i]).abs().max().dataSync()[0] / scale, `output ${i}`).toBeLessThan(tolerance);
    });
  }

  it.each([
    [3, 1, 9],
    [3, 2, 9],
    [3, 2, 8],
    [1, 1, 8],
    [5, 2, 11],
  ])('convolution %ix%#, stride %i, side %i', (kernel, stride, side) => {
    compare(
      (k, x, w) => k.conv(x as Tensor4D, w as Tensor4D, stride),
      [random([2, side, side, 4], 1), random([kernel, kernel, 4, 6], 2)],
    );
  });

  it.each([1, 2])(
    'convolution of bfloat16, stride %i, to its precision, and leaves nothing behind',
    (stride) => {
      const halved = kernelsFor(tf, 'bfloat16');
      const inputs = [random([2, 9, 9, 16], 1), random([3, 3, 16, 6], 2)];
      const convolve = (k: Kernels, x: Tensor, w: Tensor) => k.conv(x as Tensor4D, w as Tensor4D, stride);
      // Eight bits of mantissa, summed.
      compare(convolve, inputs, halved, 2 ** -6);
      const exact = convolve(native, inputs[0], inputs[1]);
      const before = tf.memory().numTensors;
      const rounded = tf.tidy(() => convolve(halved, inputs[0], inputs[1]));
      expect(tf.memory().numTensors).toBe(before + 1);
      expect(rounded.sub(exact).abs().max().dataSync()[0]).toBeGreaterThan(0);
    },
  );

  it('batch norm, with its statistics', () => {
    const x = random([3, 5, 5, 4], 3).mul(2).add(1) as Tensor4D;
    const [scale, offset] = [random([4], 4), random([4], 5)];
    compare(
      (k, ...t) => k.batchNorm(t[0] as Tensor4D, t[1] as Tensor1D, t[2] as Tensor1D).y,
      [x, scale, offset],
    );
    const { mean } = native.batchNorm(x, scale as Tensor1D, offset as Tensor1D);
    expect(
      mean
        .sub(x.mean([0, 1, 2]))
        .abs()
        .max()
        .dataSync()[0],
    ).toBeLessThan(1e-5);
  });

  it('batch norm by given statistics', () => {
    const mean = random([4], 6) as Tensor1D;
    const variance = random([4], 7).square().add(0.5) as Tensor1D;
    compare(
      (k, ...t) => k.fixedNorm(t[0] as Tensor4D, t[1] as Tensor1D, t[2] as Tensor1D, mean, variance),
      [random([2, 5, 5, 4], 8), random([4], 9), random([4], 10)],
    );
  });

  it('ReLU', () => compare((k, x) => k.relu(x as Tensor4D), [random([2, 5, 5, 4], 11)]));
});
