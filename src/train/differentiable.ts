import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../tensorflow/index.js';

type Gradient = (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[];

/** Makes values with gradients of our own; what is saved lives until the gradient has been taken. */
export function differentiableBy(tf: TensorFlow) {
  return <T extends Tensor>(
    inputs: Tensor[],
    forward: () => { value: Tensor; saved: Tensor[]; gradient: Gradient },
  ): T => {
    const op = tf.customGrad((...args) => {
      const { value, saved, gradient } = forward();
      (args[args.length - 1] as (tensors: Tensor[]) => void)(saved);
      return { value, gradFunc: gradient };
    });
    return op(...inputs) as T;
  };
}
