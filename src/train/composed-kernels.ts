import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../tensorflow/index.js';
import { differentiableBy } from './differentiable.js';
import { BATCH_NORM_EPSILON, type Kernels, padded } from './kernels.js';

/**
 * The kernels out of TensorFlow.js's own operations, for every backend (WebGPU). Gradients are written out where those that
 * TensorFlow.js composes would pass over an activation many times.
 */
export function composedKernels(tf: TensorFlow): Kernels {
  const differentiable = differentiableBy(tf);
  const run = (name: string, inputs: Record<string, Tensor>, attributes: object): Tensor =>
    tf.engine().runKernel(name, inputs, attributes as Parameters<typeof run>[2] & Record<string, never>);
  // Native TensorFlow's kernels for TensorFlow.js know no number of pixels to pad by.
  const padsAlready = tf.getBackend() === 'tensorflow';
  const rounding = padsAlready ? undefined : 'floor';
  const overChannels = (x: Tensor) => x.sum([0, 1, 2]);
  const inverse = (variance: Tensor) => variance.add(BATCH_NORM_EPSILON).rsqrt();
  const normalise = (x: Tensor4D, scale: Tensor1D, offset: Tensor1D, mean: Tensor, variance: Tensor) => {
    const factor = inverse(variance).mul(scale);
    return x.mul(factor).add(offset.sub(mean.mul(factor))) as Tensor4D;
  };

  return {
    conv(x, filter, stride, isData = false) {
      const margin = Math.floor(filter.shape[0] / 2);
      const pad = padsAlready ? 'valid' : margin;
      const attributes = { strides: stride, pad, dataFormat: 'NHWC', dimRoundingMode: rounding };
      const image = padsAlready ? padded(tf, x, margin) : x;
      return differentiable<Tensor4D>([image, filter], () => ({
        value: tf.conv2d(image, filter, stride, pad, 'NHWC', [1, 1], rounding),
        saved: [image, filter],
        gradient: (dy, [input, weights]) => [
          isData
            ? tf.zeros([1])
            : run('Conv2DBackpropInput', { dy, filter: weights }, { ...attributes, inputShape: input.shape }),
          run('Conv2DBackpropFilter', { x: input, dy }, { ...attributes, filterShape: weights.shape }),
        ],
      }));
    },

    batchNorm(x, scale, offset) {
      const statistics: Tensor[] = [];
      const y = differentiable<Tensor4D>([x, scale, offset], () => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        // Kept: they outlive the scope of this operation and of the gradient.
        statistics.push(tf.keep(mean), tf.keep(variance));
        return {
          value: normalise(x, scale, offset, mean, variance),
          saved: [x, scale, mean, variance],
          // Ioffe & Szegedy 2015, section 3, with the sums written out.
          gradient: (dy, [input, gamma, mu, v]) => {
            const count = input.size / mu.size;
            const factor = inverse(v);
            const normed = input.sub(mu).mul(factor);
            const [scaleGradient, offsetGradient] = [overChannels(dy.mul(normed)), overChannels(dy)];
            const pull = normed.mul(scaleGradient.div(count)).add(offsetGradient.div(count));
            return [dy.sub(pull).mul(factor.mul(gamma)), scaleGradient, offsetGradient];
          },
        };
      });
      return { y, mean: statistics[0] as Tensor1D, variance: statistics[1] as Tensor1D };
    },

    fixedNorm: (x, scale, offset, mean, variance) =>
      differentiable<Tensor4D>([x, scale, offset], () => ({
        value: normalise(x, scale, offset, mean, variance),
        saved: [x, scale, mean, variance],
        gradient: (dy, [input, gamma, mu, v]) => {
          const factor = inverse(v);
          return [
            dy.mul(factor.mul(gamma)),
            overChannels(dy.mul(input.sub(mu).mul(factor))),
            overChannels(dy),
          ];
        },
      })),

    relu: (x) => tf.relu(x),
  };
}
