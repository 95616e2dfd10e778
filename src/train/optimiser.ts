import type { Scalar, Tensor1D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../tensorflow/index.js';

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay: number;
  /** Largest Euclidean norm of the whole gradient; a longer one is shortened to it (Pascanu 2013). */
  readonly clip: number;
  /** Decay of the running average of the weights. */
  readonly average: number;
}

/**
 * AdamW (Loshchilov & Hutter 2019, algorithm 2) over all weights as one flat vector, with the running average of the
 * weights that is validated and exported (Polyak & Juditsky 1992).
 */
export class AdamW {
  weights: Tensor1D;
  average: Tensor1D;
  /** Updates done. */
  steps = 0;
  #first: Tensor1D;
  #second: Tensor1D;
  readonly #decay: Tensor1D;
  readonly #trained: Tensor1D;
  readonly #tf: TensorFlow;
  readonly #options: Required<AdamOptions>;

  /**
   * @param decayed 1 where weight decay applies, 0 elsewhere
   * @param trained 1 where weights change, 0 where they stay
   */
  constructor(
    tf: TensorFlow,
    initial: Float32Array,
    decayed: Float32Array,
    trained: Float32Array,
    options: AdamOptions,
  ) {
    this.#tf = tf;
    this.#options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, ...options };
    this.weights = tf.tensor1d(initial);
    this.average = tf.tensor1d(initial);
    this.#first = tf.zeros([initial.length]);
    this.#second = tf.zeros([initial.length]);
    this.#decay = tf.tensor1d(decayed.map((d, i) => d * trained[i]));
    this.#trained = tf.tensor1d(trained);
  }

  /** Applies one gradient; returns its norm before clipping. */
  apply(gradient: Tensor1D, learningRate: number): Scalar {
    const tf = this.#tf;
    const { beta1, beta2, epsilon, weightDecay, clip, average } = this.#options;
    this.steps++;
    const t = this.steps;
    // Early averages would remember the initial weights: the decay warms up.
    const memory = Math.min(average, (1 + t) / (10 + t));
    const next = tf.tidy(() => {
      const norm = gradient.square().sum().sqrt() as Scalar;
      const g = gradient.mul(tf.div(clip, norm.maximum(clip)));
      const first = this.#first.mul(beta1).add(g.mul(1 - beta1)) as Tensor1D;
      const second = this.#second.mul(beta2).add(g.square().mul(1 - beta2)) as Tensor1D;
      const step = first
        .mul(learningRate / (1 - beta1 ** t))
        .div(
          second
            .mul(1 / (1 - beta2 ** t))
            .sqrt()
            .add(epsilon),
        )
        .mul(this.#trained);
      const kept = tf.sub(1, this.#decay.mul(learningRate * weightDecay));
      const weights = this.weights.mul(kept).sub(step) as Tensor1D;
      const averaged = this.average.mul(memory).add(weights.mul(1 - memory)) as Tensor1D;
      return { norm, first, second, weights, averaged };
    });
    tf.dispose([this.#first, this.#second, this.weights, this.average]);
    this.#first = next.first;
    this.#second = next.second;
    this.weights = next.weights;
    this.average = next.averaged;
    return next.norm;
  }

  /** Everything needed to go on exactly where it was. */
  async state(): Promise<Record<'weights' | 'average' | 'first' | 'second', Float32Array>> {
    const read = async (t: Tensor1D) => (await t.data()) as Float32Array;
    return {
      weights: await read(this.weights),
      average: await read(this.average),
      first: await read(this.#first),
      second: await read(this.#second),
    };
  }

  restore(state: Record<'weights' | 'average' | 'first' | 'second', Float32Array>, steps: number): void {
    const tf = this.#tf;
    tf.dispose([this.#first, this.#second, this.weights, this.average]);
    this.weights = tf.tensor1d(state.weights);
    this.average = tf.tensor1d(state.average);
    this.#first = tf.tensor1d(state.first);
    this.#second = tf.tensor1d(state.second);
    this.steps = steps;
  }

  dispose(): void {
    this.#tf.dispose([this.#first, this.#second, this.#decay, this.#trained, this.weights, this.average]);
  }
}

/** Linear warm-up from 0, then a half cosine to `floor` times the rate at the last step (Loshchilov & Hutter 2017). */
export function learningRateAt(
  step: number,
  o: { learningRate: number; warmUp: number; steps: number; floor: number },
): number {
  if (step < o.warmUp) return (o.learningRate * (step + 1)) / o.warmUp;
  const done = Math.min(1, (step - o.warmUp) / Math.max(1, o.steps - o.warmUp));
  return o.learningRate * (o.floor + (1 - o.floor) * 0.5 * (1 + Math.cos(Math.PI * done)));
}
