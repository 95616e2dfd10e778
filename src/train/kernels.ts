import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../tensorflow/index.js';
import { composedKernels } from './composed-kernels.js';
import { differentiableBy } from './differentiable.js';
import type { TrainingPrecision } from './names.js';

/**
 * The three operations whose gradients TensorFlow.js composes from many small ones (batch norm, ReLU) or lacks
 * (convolution with explicit padding), as single native kernels where the backend is native TensorFlow, and as
 * plain TensorFlow.js otherwise. Tensors are NHWC.
 */
export interface Kernels {
  /**
   * Convolution with `floor(kernel / 2)` pixels of zeros on every side; filter is `[k, k, in, out]`, k odd.
   * @param isData x is data: nobody wants its gradient, and none is computed
   */
  conv(x: Tensor4D, filter: Tensor4D, stride: number, isData?: boolean): Tensor4D;
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

/** A native tensor, as TensorFlow.js's backend is told of it. */
interface NativeOutput {
  readonly id: number;
}

interface NativeBackend {
  readonly binding: NativeBinding & {
    executeOp(name: string, attributes: object[], inputs: number[], outputs: number): NativeOutput[];
    deleteTensor(id: number): void;
  };
  getInputTensorIds(inputs: Tensor[]): number[];
  createOutputTensor(output: NativeOutput): Tensor;
  executeMultipleOutputs(name: string, attributes: object[], inputs: Tensor[], outputs: number): Tensor[];
}

/** With `margin` pixels of zeros on every side. */
export function padded(tf: TensorFlow, x: Tensor4D, margin: number): Tensor4D {
  if (margin === 0) return x;
  const side: [number, number] = [margin, margin];
  return tf.pad4d(x, [[0, 0], side, side, [0, 0]]);
}

/**
 * The kernels for the backend in use.
 * @param precision what convolutions multiply; native TensorFlow alone knows another than `float32`
 */
export function kernelsFor(tf: TensorFlow, precision: TrainingPrecision = 'float32'): Kernels {
  return tf.getBackend() === 'tensorflow' ? nativeKernels(tf, precision) : composedKernels(tf);
}

/** TensorFlow's number of the type, which TensorFlow.js has no name for. */
const BFLOAT16 = 14;
/** With fewer channels a convolution is bound by memory, and converting what it reads costs more than it brings. */
const BFLOAT16_CHANNELS = 16;

function nativeKernels(tf: TensorFlow, precision: TrainingPrecision): Kernels {
  const backend = tf.backend() as object as NativeBackend;
  const b = backend.binding;
  const run = (name: string, attributes: object[], inputs: Tensor[], outputs: number) =>
    backend.executeMultipleOutputs(
      name,
      [{ name: 'T', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT }, ...attributes],
      inputs,
      outputs,
    );

  /**
   * Runs an operation on bfloat16 copies of its float inputs (mixed precision: Micikevicius 2018; sums are kept in float32 by
   * the kernels). The copies live in native memory alone and are gone afterwards.
   */
  const runHalved = (name: string, attributes: object[], inputs: Tensor[]): Tensor => {
    const { binding } = backend;
    const cast = (id: number, from: number, to: number) => {
      const types = { SrcT: from, DstT: to };
      const attributes = Object.entries(types).map(([name, value]) => ({
        name,
        type: b.TF_ATTR_TYPE,
        value,
      }));
      return binding.executeOp('Cast', attributes, [id], 1)[0];
    };
    const copies: number[] = [];
    const copied = ({ id }: NativeOutput) => {
      copies.push(id);
      return id;
    };
    const type = { name: 'T', type: b.TF_ATTR_TYPE, value: BFLOAT16 };
    try {
      const given = backend
        .getInputTensorIds(inputs)
        .map((id, k) => (inputs[k].dtype === 'float32' ? copied(cast(id, b.TF_FLOAT, BFLOAT16)) : id));
      const output = copied(binding.executeOp(name, [type, ...attributes], given, 1)[0]);
      return backend.createOutputTensor(cast(output, BFLOAT16, b.TF_FLOAT));
    } finally {
      for (const id of copies) binding.deleteTensor(id);
    }
  };

  // Of stride 1, `SAME` is the same padding on every side; of others it isn't, and the input comes padded. With explicit
  // padding, TensorFlow takes the gradients' slow kernels: oneDNN's are up to six times as fast.
  const convAttributes = (stride: number) => [
    { name: 'strides', type: b.TF_ATTR_INT, value: [1, stride, stride, 1] },
    { name: 'padding', type: b.TF_ATTR_STRING, value: stride === 1 ? 'SAME' : 'VALID' },
    { name: 'data_format', type: b.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'use_cudnn_on_gpu', type: b.TF_ATTR_BOOL, value: true },
    { name: 'dilations', type: b.TF_ATTR_INT, value: [1, 1, 1, 1] },
  ];
  const normAttributes = (training: boolean) => [
    { name: 'U', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT },
    { name: 'epsilon', type: b.TF_ATTR_FLOAT, value: BATCH_NORM_EPSILON },
    { name: 'data_format', type: b.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: b.TF_ATTR_BOOL, value: training },
  ];
  const differentiable = differentiableBy(tf);
  const norm = (training: boolean, inputs: Tensor[]) =>
    run(
      'FusedBatchNormV3',
      [...normAttributes(training), { name: 'exponential_avg_factor', type: b.TF_ATTR_FLOAT, value: 1 }],
      inputs,
      6,
    );
  const normGradient = (training: boolean) => (dy: Tensor, saved: Tensor[]) =>
    run('FusedBatchNormGradV3', normAttributes(training), [dy, ...saved], 5).slice(0, 3);

  return {
    conv(x, filter, stride, isData = false) {
      const attributes = convAttributes(stride);
      const sizes = (t: Tensor) => tf.tensor1d(t.shape, 'int32');
      const halve = precision === 'bfloat16' && x.shape[3] >= BFLOAT16_CHANNELS;
      const compute = (name: string, inputs: Tensor[]) =>
        halve ? runHalved(name, attributes, inputs) : run(name, attributes, inputs, 1)[0];
      const image = stride === 1 ? x : padded(tf, x, Math.floor(filter.shape[0] / 2));
      const inputGradient = (dy: Tensor) => {
        if (isData) return tf.zeros([1]);
        if (stride > 1) return compute('Conv2DBackpropInput', [sizes(image), filter, dy]);
        // The gradient of a same-size convolution is one itself, by the mirrored filter, and runs twice as fast so.
        const mirrored = tf.reverse(filter, [0, 1]).transpose([0, 1, 3, 2]);
        return compute('Conv2D', [dy, mirrored]);
      };
      return differentiable<Tensor4D>([image, filter], () => ({
        value: compute('Conv2D', [image, filter]),
        saved: [image, filter],
        gradient: (dy) => [inputGradient(dy), compute('Conv2DBackpropFilter', [image, sizes(filter), dy])],
      }));
    },

    batchNorm(x, scale, offset) {
      const statistics: Tensor[] = [];
      const y = differentiable<Tensor4D>([x, scale, offset], () => {
        const empty = tf.tensor1d([]);
        const [value, mean, variance, ...reserve] = norm(true, [x, scale, offset, empty, empty]);
        // Kept: they outlive the scope of this operation and of the gradient.
        statistics.push(tf.keep(mean), tf.keep(variance));
        return { value, saved: [x, scale, ...reserve], gradient: normGradient(true) };
      });
      return { y, mean: statistics[0] as Tensor1D, variance: statistics[1] as Tensor1D };
    },

    fixedNorm: (x, scale, offset, mean, variance) =>
      differentiable<Tensor4D>([x, scale, offset], () => {
        const [value, , , , , reserve] = norm(false, [x, scale, offset, mean, variance]);
        // The gradient wants the given statistics where it would want the batch's own.
        return { value, saved: [x, scale, mean, variance, reserve], gradient: normGradient(false) };
      }),

    relu: (x) =>
      differentiable<Tensor4D>([x], () => {
        const [value] = run('Relu', [], [x], 1);
        return { value, saved: [value], gradient: (dy, saved) => run('ReluGrad', [], [dy, saved[0]], 1)[0] };
      }),
  };
}
