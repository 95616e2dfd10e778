import type { Graph, GraphNode } from '../../onnx/index.js';
import { Random } from '../random.js';
import { filterScales, isQuantised, WEIGHT_LIMIT } from './quantise.js';
import { type GraphInputs, type GraphValue, watchValues } from './watch.js';

/** Places of each input at which a convolution's own input is looked at. */
const PLACES = 24;
/** Added to the diagonal of the inputs' moments, as a share of its mean. */
const DAMPING = 0.01;

/** Whole numbers for the filters of a graph's quantised convolutions, by the filters' names. */
export type RoundedFilters = ReadonlyMap<string, Int8Array>;

/**
 * Rounds filters so that what the convolutions say of real inputs changes least, rather than the filters themselves.
 * @param inputs one record of planar arrays and their dims a graph call
 */
export async function roundFilters(
  graph: Graph,
  inputs: Iterable<GraphInputs>,
  inFloat: ReadonlySet<string> = new Set(),
): Promise<RoundedFilters> {
  const convolutions = graph.nodes.filter((node) => node.op === 'Conv' && isQuantised(node, inFloat));
  const moments = new Map(convolutions.map((node) => [node, new Moments(patchSize(graph, node))]));
  const random = new Random(1);
  const read = [...new Set(convolutions.map((node) => node.inputs[0]))];
  await watchValues(graph, read, inputs, (values) => {
    for (const [node, sums] of moments)
      for (let k = 0; k < PLACES; k++) sums.add(patchOf(graph, node, values[node.inputs[0]], random));
  });
  const rounded = [...moments].map(([node, sums]): [string, Int8Array] => {
    const filter = graph.constants.get(node.inputs[1]);
    const weights = filter?.data as Float32Array;
    const channels = filter?.dims[0] as number;
    return [node.inputs[1], roundRows(weights, filterScales(weights, channels), sums.whole())];
  });
  return new Map(rounded);
}

/**
 * Rounds the rows of a matrix, each to multiples of its scale, column after column: what a rounding changes in the rows' products
 * with the inputs the columns that follow make up for, as far as inputs go together (optimal brain quantisation, Frantar 2022, in a
 * fixed order by a Cholesky factor of the inverse: GPTQ, Frantar 2023, algorithm 1).
 *
 * @param rows as many rows as there are scales
 * @param moments of the inputs: the sums of their products, a full matrix; it is not kept
 * @returns the multiples, at most `WEIGHT_LIMIT` in magnitude
 */
export function roundRows(rows: Float32Array, scales: Float32Array, moments: Float64Array): Int8Array {
  const n = rows.length / scales.length;
  const factor = inverseFactor(moments, n);
  const out = new Int8Array(rows.length);
  for (const [r, scale] of scales.entries()) {
    const row = Float64Array.from(rows.subarray(r * n, (r + 1) * n));
    for (let j = 0; j < n; j++) {
      const whole = Math.max(-WEIGHT_LIMIT, Math.min(WEIGHT_LIMIT, Math.round(row[j] / scale)));
      out[r * n + j] = whole;
      const from = j * n;
      const error = (row[j] - whole * scale) / factor[from + j];
      for (let k = j + 1; k < n; k++) row[k] -= error * factor[from + k];
    }
  }
  return out;
}

/** The upper triangular U with `U^T U` the inverse of the damped moments. */
function inverseFactor(moments: Float64Array, n: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += moments[i * n + i];
  const damping = (DAMPING * trace) / n + 1e-9;
  // Moments = V V^T with V upper triangular: Cholesky from the last row on. Then U is the inverse of V.
  const v = new Float64Array(n * n);
  for (let j = n - 1; j >= 0; j--) {
    for (let i = j; i >= 0; i--) {
      let sum = moments[i * n + j] + (i === j ? damping : 0);
      for (let k = j + 1; k < n; k++) sum -= v[i * n + k] * v[j * n + k];
      v[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / v[j * n + j];
    }
  }
  const u = new Float64Array(n * n);
  for (let i = n - 1; i >= 0; i--) {
    const own = u.subarray(i * n, (i + 1) * n);
    own[i] = 1;
    for (let k = i + 1; k < n; k++) {
      const share = v[i * n + k];
      for (let j = k; j < n; j++) own[j] -= share * u[k * n + j];
    }
    for (let j = i; j < n; j++) own[j] /= v[i * n + i];
  }
  return u;
}

/** Sums of the products of every two numbers of vectors. */
class Moments {
  readonly #n: number;
  readonly #sums: Float64Array;

  constructor(n: number) {
    this.#n = n;
    this.#sums = new Float64Array(n * n);
  }

  add(x: Float32Array): void {
    const n = this.#n;
    const sums = this.#sums;
    for (let i = 0; i < n; i++) {
      const value = x[i];
      if (value === 0) continue;
      const from = i * n;
      for (let j = 0; j <= i; j++) sums[from + j] += value * x[j];
    }
  }

  whole(): Float64Array {
    const n = this.#n;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) this.#sums[j * n + i] = this.#sums[i * n + j];
    return this.#sums;
  }
}

function patchSize(graph: Graph, node: GraphNode): number {
  const [, ...dims] = graph.constants.get(node.inputs[1])?.dims ?? [];
  return dims.reduce((product, dim) => product * dim, 1);
}

/** What a convolution sees at a place picked at random, in the order of its filters: channels, rows, columns. */
function patchOf(graph: Graph, node: GraphNode, { data, dims }: GraphValue, random: Random): Float32Array {
  const [, channels, height, width] = dims;
  const [, , kernel] = graph.constants.get(node.inputs[1])?.dims ?? [];
  const { strides = [1, 1], pads = [0, 0, 0, 0] } = node.attributes ?? {};
  const [stride, pad] = [(strides as readonly number[])[0], (pads as readonly number[])[0]];
  const places = (side: number) => Math.floor((side + 2 * pad - kernel) / stride) + 1;
  const top = random.int(places(height)) * stride - pad;
  const left = random.int(places(width)) * stride - pad;
  const out = new Float32Array(channels * kernel * kernel);
  for (let c = 0, at = 0; c < channels; c++)
    for (let y = top; y < top + kernel; y++)
      for (let x = left; x < left + kernel; x++, at++)
        if (y >= 0 && x >= 0 && y < height && x < width) out[at] = data[(c * height + y) * width + x];
  return out;
}
