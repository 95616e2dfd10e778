import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../tensorflow/index.js';
import { type Kernels, kernelsFor } from './kernels.js';
import type { TrainingPrecision } from './names.js';
import { type ConvLayer, cellsOf, layersOf, type NetworkSpec } from './network-spec.js';
import type { Random } from './random.js';

/** Crops enter as RGB 0..255; the network sees `(x - PIXEL_MEAN) / PIXEL_SCALE`, folded into the weights on export. */
export const PIXEL_MEAN = 118;
export const PIXEL_SCALE = 60;

/** Distances start near this many pixels: half the side of a typical target in a search region. */
const INITIAL_DISTANCE = 32;

/** Gain of the mean product that the plain response is; about 1e-3 of the sum, as in Bertinetto's network. */
const INITIAL_GAIN = 10;

/** A named weight of the network and its shape (convolutions `[k, k, in, out]`, the rest `[out]`). */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** Weight decay applies to convolution filters alone. */
  readonly decay: boolean;
}

export type Weights = ReadonlyMap<string, Tensor>;

/** Batch statistics of one normalised layer, for the running averages. */
export interface Statistics {
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

/** How normalised layers get their statistics in one pass. */
export type NormMode =
  /** By the batch itself; the statistics used are left in `record`. */
  | { readonly kind: 'batch'; readonly record: Map<string, Statistics> }
  /** By statistics given for every layer. */
  | { readonly kind: 'fixed'; readonly statistics: ReadonlyMap<string, Statistics> };

/** Head outputs for n pairs: `score` logits `[n, S, S, 1]` and `box` `[n, S, S, 4]` (left, top, right, bottom, pixels). */
export interface HeadOutput {
  readonly score: Tensor4D;
  readonly box: Tensor4D;
}

/** The Siamese network in TensorFlow.js: one encoder for both crops, pixel-wise correlation, a score and box head. */
export class Network {
  readonly spec: NetworkSpec;
  readonly encoderLayers: readonly ConvLayer[];
  readonly headLayers: readonly ConvLayer[];
  readonly parameters: readonly Parameter[];
  /** Layers with batch norm, encoder first. */
  readonly normLayers: readonly ConvLayer[];
  readonly #tf: TensorFlow;
  readonly #kernels: Kernels;

  /** @param precision what convolutions multiply */
  constructor(
    tf: TensorFlow,
    spec: NetworkSpec,
    templateSize: number,
    precision: TrainingPrecision = 'float32',
  ) {
    this.#tf = tf;
    this.#kernels = kernelsFor(tf, precision);
    this.spec = spec;
    const { encoder, head } = layersOf(spec, cellsOf(spec, templateSize));
    this.encoderLayers = encoder;
    this.headLayers = head;
    const all = [...encoder, ...head];
    this.normLayers = all.filter((l) => l.norm);
    this.parameters = all.flatMap(parametersOf);
  }

  /** Initial weights: filters by He 2015 (fan in), norm scales 1, biases 0, box bias at a typical distance. */
  initialWeights(random: Random): Float32Array {
    const flat = new Float32Array(this.parameters.reduce((s, p) => s + p.size, 0));
    let at = 0;
    for (const p of this.parameters) {
      const view = flat.subarray(at, at + p.size);
      at += p.size;
      if (p.name === 'head.response.filter') view.fill(INITIAL_GAIN);
      else if (p.name.endsWith('.filter')) {
        const last =
          p.name.startsWith('head.score') ||
          p.name.startsWith('head.box') ||
          p.name.startsWith('encoder.out');
        const std =
          Math.sqrt((last ? 1 : 2) / (p.shape[0] * p.shape[1] * p.shape[2])) *
          (p.name.startsWith('head.box') ? 0.1 : 1);
        for (let i = 0; i < view.length; i++) view[i] = random.normal() * std;
      } else if (p.name.endsWith('.scale')) {
        // The last norm of a residual block starts small: the block begins near the identity (Goyal 2017, 5.1).
        view.fill(p.name.endsWith('.b.scale') ? 0.2 : 1);
      } else if (p.name === 'head.box.bias') view.fill(Math.log(INITIAL_DISTANCE));
      else if (p.name === 'head.score.bias') view.fill(-3);
    }
    return flat;
  }

  /** Encoder: crops `[n, s, s, 3]` RGB 0..255 to embeddings `[n, c, c, embedding]`. */
  encode(crops: Tensor4D, w: Weights, mode: NormMode): Tensor4D {
    const tf = this.#tf;
    let x = tf.div(tf.sub(crops, PIXEL_MEAN), PIXEL_SCALE) as Tensor4D;
    let layer = 0;
    for (const stage of this.spec.stages) {
      if (stage.kind === 'conv') {
        x = this.#kernels.relu(this.#convNorm(x, this.encoderLayers[layer++], w, mode));
      } else {
        const inner = this.#kernels.relu(this.#convNorm(x, this.encoderLayers[layer++], w, mode));
        const outer = this.#convNorm(inner, this.encoderLayers[layer++], w, mode);
        x = this.#kernels.relu(tf.add(outer, x));
      }
    }
    return this.#convBias(x, this.encoderLayers[layer], w);
  }

  /**
   * Plain SiamFC response (Bertinetto 2016): cross-correlation of each template embedding with its search embedding,
   * `[n, S - T + 1, S - T + 1, 1]`, divided by the number of values in the template embedding.
   */
  response(template: Tensor4D, search: Tensor4D): Tensor4D {
    const tf = this.#tf;
    const pairs = template.shape[0];
    const n = template.shape[1] * template.shape[2] * template.shape[3];
    const maps = [];
    for (let i = 0; i < pairs; i++) {
      const filter = template.slice([i, 0, 0, 0], [1, -1, -1, -1]).squeeze([0]).expandDims(3) as Tensor4D;
      maps.push(tf.conv2d(search.slice([i, 0, 0, 0], [1, -1, -1, -1]), filter, 1, 'valid'));
    }
    return tf.div(tf.concat(maps, 0), n) as Tensor4D;
  }

  /** The plain response as logits: times the trained gain plus the trained bias, where the network ends in a response. */
  responseLogits(template: Tensor4D, search: Tensor4D, w: Weights): Tensor4D {
    const map = this.response(template, search);
    if (this.spec.head !== 'response') return map;
    const gain = (w.get('head.response.filter') as Tensor).reshape([1]);
    return this.#tf.add(this.#tf.mul(map, gain), w.get('head.response.bias') as Tensor1D) as Tensor4D;
  }

  /** Head: template `[n, T, T, c]` and search `[n, S, S, c]` embeddings of the same n pairs to score and box. */
  head(template: Tensor4D, search: Tensor4D, w: Weights, mode: NormMode): HeadOutput {
    const tf = this.#tf;
    const [n, s, , c] = search.shape;
    const cells = template.shape[1] * template.shape[2];
    // Every template cell against every search cell (pixel-wise correlation, Alpha-Refine, Yan 2021, 3.2).
    const maps = tf.matMul(search.reshape([n, s * s, c]), template.reshape([n, cells, c]), false, true);
    const correlation = tf.mul(maps, 1 / Math.sqrt(c)).reshape([n, s, s, cells]);
    let x = tf.concat([correlation, search], 3) as Tensor4D;
    let layer = 0;
    for (; this.headLayers[layer].norm; layer++) {
      x = this.#kernels.relu(this.#convNorm(x, this.headLayers[layer], w, mode));
    }
    const score = this.#convBias(x, this.headLayers[layer], w);
    const box = tf.exp(this.#convBias(x, this.headLayers[layer + 1], w).clipByValue(-4, 6)) as Tensor4D;
    return { score, box };
  }

  #convNorm(x: Tensor4D, layer: ConvLayer, w: Weights, mode: NormMode): Tensor4D {
    const isData = layer === this.encoderLayers[0];
    const y = this.#kernels.conv(x, w.get(`${layer.name}.filter`) as Tensor4D, layer.stride, isData);
    const scale = w.get(`${layer.name}.scale`) as Tensor1D;
    const offset = w.get(`${layer.name}.offset`) as Tensor1D;
    if (mode.kind === 'fixed') {
      const { mean, variance } = mode.statistics.get(layer.name) as Statistics;
      return this.#kernels.fixedNorm(y, scale, offset, mean, variance);
    }
    const normed = this.#kernels.batchNorm(y, scale, offset);
    mode.record.set(layer.name, { mean: normed.mean, variance: normed.variance });
    return normed.y;
  }

  #convBias(x: Tensor4D, layer: ConvLayer, w: Weights): Tensor4D {
    const y = this.#kernels.conv(x, w.get(`${layer.name}.filter`) as Tensor4D, layer.stride);
    return this.#tf.add(y, w.get(`${layer.name}.bias`) as Tensor1D) as Tensor4D;
  }
}

/** A layer's weights in the order in which the flat vector of all weights holds them. */
export function parametersOf(layer: ConvLayer): Parameter[] {
  const { name, kernel, inChannels, outChannels } = layer;
  const filter: Parameter = {
    name: `${name}.filter`,
    shape: [kernel, kernel, inChannels, outChannels],
    size: kernel * kernel * inChannels * outChannels,
    decay: true,
  };
  const vector = (suffix: string): Parameter => ({
    name: `${name}.${suffix}`,
    shape: [outChannels],
    size: outChannels,
    decay: false,
  });
  return layer.norm ? [filter, vector('scale'), vector('offset')] : [filter, vector('bias')];
}
