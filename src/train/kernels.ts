import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow/index.js';

/**
 * The three operations whose gradients TensorFlow.js composes from many small ones (batch norm, ReLU) or lacks
 * (convolution with explicit padding), as single native kernels where the backend is native TensorFlow, and as
 * plain TensorFlow.js otherwise. Tensors are NHWC.
 */
export interface Kernels {
  /** Convolution with `floor(kernel / 2)` pixels of zeros on every side; filter is `[k, k, in, out]`. */
  conv(x: Tensor4D, filter: Tensor4D, stride: number): Tensor4D;
  /**
   * Batch norm by the batch's own statistics (Ioffe & Szegedy 2015), which are returned for the running averages: no
   * gradient flows through them, no scope disposes of them, the caller does.
   */
  batchNorm(
    x: Tensor4D,
    scale: Tensor1D,
    offset: Tensor1D,
  ): { y: Tensor4D; mean: Tensor1D; variance: Tensor1D };
  /** Batch norm by given statistics, through which no gradient flows. */
  fixedNorm(x: Tensor4D, scale: Tensor1D, offset: Tensor1D, mean: Tensor1D, variance: Tensor1D): Tensor4D;
  relu(x: Tensor4D): Tensor4D;
}

export const BATCH_NORM_EPSILON = 1e-3;

interface NativeBinding {
  readonly TF_FLOAT: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_STRING: number;
}

interface NativeBackend {
  readonly binding: NativeBinding;
  executeMultipleOutputs(name: string, attributes: object[], inputs: Tensor[], outputs: number): Tensor[];
}

/** The kernels for the backend in use. */
export function kernelsFor(tf: TensorFlow): Kernels {
  return tf.getBackend() === 'tensorflow' ? nativeKernels(tf) : composedKernels(tf);
}

function nativeKernels(tf: TensorFlow): Kernels {
  const backend = tf.backend() as object as NativeBackend;
  const b = backend.binding;
  const run = (name: string, attributes: object[], inputs: Tensor[], outputs: number) =>
    backend.executeMultipleOutputs(
      name,
      [{ name: 'T', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT }, ...attributes],
      inputs,
      outputs,
    );

  const convAttributes = (kernel: number, stride: number) => {
    const p = Math.floor(kernel / 2);
    return [
      { name: 'strides', type: b.TF_ATTR_INT, value: [1, stride, stride, 1] },
      { name: 'padding', type: b.TF_ATTR_STRING, value: 'EXPLICIT' },
      { name: 'explicit_paddings', type: b.TF_ATTR_INT, value: [0, 0, p, p, p, p, 0, 0] },
      { name: 'data_format', type: b.TF_ATTR_STRING, value: 'NHWC' },
      { name: 'use_cudnn_on_gpu', type: b.TF_ATTR_BOOL, value: true },
      { name: 'dilations', type: b.TF_ATTR_INT, value: [1, 1, 1, 1] },
    ];
  };
  const normAttributes = (training: boolean) => [
    { name: 'U', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT },
    { name: 'epsilon', type: b.TF_ATTR_FLOAT, value: BATCH_NORM_EPSILON },
    { name: 'data_format', type: b.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: b.TF_ATTR_BOOL, value: training },
  ];
  const normGradient = (dy: Tensor, x: Tensor, scale: Tensor, reserve: Tensor[], training: boolean) =>
    run('FusedBatchNormGradV3', normAttributes(training), [dy, x, scale, ...reserve], 5);

  return {
    conv(x, filter, stride) {
      const kernel = filter.shape[0];
      const attributes = convAttributes(kernel, stride);
      const op = tf.customGrad((...args) => {
        const [input, weights, save] = args as unknown as [Tensor4D, Tensor4D, (t: Tensor[]) => void];
        const value = run('Conv2D', attributes, [input, weights], 1)[0];
        save([input, weights]);
        const gradFunc = (dy: Tensor, saved: Tensor[]) => {
          const dx = () => {
            if (stride === 1) {
              // The gradient of a same-size convolution is one itself, by the mirrored filter, and runs twice as fast so.
              const mirrored = tf.reverse(saved[1] as Tensor4D, [0, 1]).transpose([0, 1, 3, 2]);
              return run('Conv2D', attributes, [dy, mirrored], 1)[0];
            }
            const sizes = tf.tensor1d(input.shape, 'int32');
            return run('Conv2DBackpropInput', attributes, [sizes, saved[1], dy], 1)[0];
          };
          const sizes = tf.tensor1d(weights.shape, 'int32');
          const dw = run('Conv2DBackpropFilter', attributes, [saved[0], sizes, dy], 1)[0];
          // Crops (three channels) are data: nothing upstream wants their gradient.
          return [weights.shape[2] === 3 ? tf.zeros([1]) : dx(), dw];
        };
        return { value, gradFunc };
      });
      return op(x, filter) as Tensor4D;
    },

    batchNorm(x, scale, offset) {
      let statistics: Tensor[] = [];
      const op = tf.customGrad((...args) => {
        const [input, gamma, beta, save] = args as unknown as [
          Tensor4D,
          Tensor1D,
          Tensor1D,
          (t: Tensor[]) => void,
        ];
        const empty = tf.tensor1d([]);
        const [y, mean, variance, r1, r2, r3] = run(
          'FusedBatchNormV3',
          [...normAttributes(true), { name: 'exponential_avg_factor', type: b.TF_ATTR_FLOAT, value: 1 }],
          [input, gamma, beta, empty, empty],
          6,
        );
        // Kept: they outlive the scope of this operation and of the gradient.
        statistics = [tf.keep(mean), tf.keep(variance)];
        save([input, gamma, r1, r2, r3]);
        return {
          value: y,
          gradFunc: (dy: Tensor, saved: Tensor[]) =>
            normGradient(dy, saved[0], saved[1], saved.slice(2), true).slice(0, 3),
        };
      });
      const y = op(x, scale, offset) as Tensor4D;
      return { y, mean: statistics[0] as Tensor1D, variance: statistics[1] as Tensor1D };
    },

    fixedNorm(x, scale, offset, mean, variance) {
      const op = tf.customGrad((...args) => {
        const [input, gamma, beta, save] = args as unknown as [
          Tensor4D,
          Tensor1D,
          Tensor1D,
          (t: Tensor[]) => void,
        ];
        const [y, , , , , reserve] = run(
          'FusedBatchNormV3',
          [...normAttributes(false), { name: 'exponential_avg_factor', type: b.TF_ATTR_FLOAT, value: 1 }],
          [input, gamma, beta, mean, variance],
          6,
        );
        // The gradient wants the given statistics where it would want the batch's own.
        save([input, gamma, mean, variance, reserve]);
        return {
          value: y,
          gradFunc: (dy: Tensor, saved: Tensor[]) =>
            normGradient(dy, saved[0], saved[1], saved.slice(2), false).slice(0, 3),
        };
      });
      return op(x, scale, offset) as Tensor4D;
    },

    relu(x) {
      const op = tf.customGrad((...args) => {
        const [input, save] = args as unknown as [Tensor4D, (t: Tensor[]) => void];
        const y = run('Relu', [], [input], 1)[0];
        save([y]);
        return {
          value: y,
          gradFunc: (dy: Tensor, saved: Tensor[]) => run('ReluGrad', [], [dy, saved[0]], 1)[0],
        };
      });
      return op(x) as Tensor4D;
    },
  };
}

/** The same by TensorFlow.js alone, on any backend. */
export function composedKernels(tf: TensorFlow): Kernels {
  const normalise = (x: Tensor4D, scale: Tensor1D, offset: Tensor1D, mean: Tensor, variance: Tensor) =>
    tf.tidy(
      () => x.sub(mean).mul(variance.add(BATCH_NORM_EPSILON).rsqrt()).mul(scale).add(offset) as Tensor4D,
    );
  return {
    conv(x, filter, stride) {
      const p = Math.floor(filter.shape[0] / 2);
      const padded =
        p === 0
          ? x
          : tf.pad4d(x, [
              [0, 0],
              [p, p],
              [p, p],
              [0, 0],
            ]);
      return tf.conv2d(padded, filter, stride, 'valid');
    },
    batchNorm(x, scale, offset) {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return {
        y: normalise(x, scale, offset, mean, variance),
        mean: tf.keep(mean as Tensor1D),
        variance: tf.keep(variance as Tensor1D),
      };
    },
    fixedNorm: normalise,
    relu: (x) => tf.relu(x),
  };
}
