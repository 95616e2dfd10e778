import type { Embedding } from '../model/index.js';
import { gram } from './kernel/index.js';
import { decodeFloats, encodeFloats } from './snapshot.js';

/** Share of the first look in what is known: however long a target is followed, it stays what was pointed at. */
const FIRST = 0.3;
/** Share of the newest look in what is known of the later ones. */
const NEWEST = 0.1;
/** Ridge, as a share of the values' mean square. */
const RIDGE = 0.05;
/** Deviation of the label's bell, as a share of the target's side, and its least in cells. */
const SPREAD = 0.25;
const SHARPEST = 0.6;
/** Cells labelled higher are on the target. */
const ON = 0.1;

/** A target among the cells of an embedding: its centre counted from cell 0, and the geometric mean of its sides. */
export interface CellPlace {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** What looks have in common, as weighted means over their cells `x` (with a constant 1) and labels `y`. */
interface Moments {
  /** Of `x x^T`: the lower triangle, row after row. */
  readonly products: Float32Array;
  /** Of `y x`. */
  readonly labelled: Float32Array;
}

/** A memory as JSON holds it. */
export interface StoredMemory {
  readonly channels: number;
  readonly first: StoredMoments;
  readonly later?: StoredMoments;
}
interface StoredMoments {
  readonly products: string;
  readonly labelled: string;
}

/**
 * What tells a target from what is around it in this video: a linear classifier of the search embedding's cells, 1 on
 * the target and 0 off it, by ridge regression (Hoerl & Kennard 1970) over the first look and later ones, cells on and
 * off the target weighing one half each. The template says what a target looks like, this says how it differs from the
 * look-alikes beside it (a discriminative model learnt online beside a Siamese one: DROL, Zhou 2020).
 */
export class TargetMemory {
  readonly #channels: number;
  readonly #first: Moments;
  #later: Moments | undefined;
  #weights: Float64Array;

  private constructor(channels: number, first: Moments, later?: Moments) {
    this.#channels = channels;
    this.#first = first;
    this.#later = later;
    this.#weights = this.#solve();
  }

  /** @param embedding of the search region around the first look, `place` the target in it */
  static begin(embedding: Embedding, place: CellPlace): TargetMemory {
    return new TargetMemory(embedding.channels, momentsOf(embedding, place));
  }

  /** Takes in a later look. */
  learn(embedding: Embedding, place: CellPlace): void {
    const look = momentsOf(embedding, place);
    const later = this.#later;
    if (later) {
      blend(later.products, look.products, NEWEST);
      blend(later.labelled, look.labelled, NEWEST);
    } else this.#later = look;
    this.#weights = this.#solve();
  }

  /** How much each cell of a search region is the target's: about 0 off it and 1 at its centre, rows first. */
  respond(embedding: Embedding): Float32Array {
    const { channels, side, data } = embedding;
    const cells = side * side;
    const weights = this.#weights;
    const sums = new Float64Array(cells);
    const squares = new Float64Array(cells);
    for (let c = 0, at = 0; c < channels; c++) {
      const weight = weights[c];
      for (let k = 0; k < cells; k++) {
        const value = data[at++];
        sums[k] += weight * value;
        squares[k] += value * value;
      }
    }
    const response = new Float32Array(cells);
    for (let k = 0; k < cells; k++)
      response[k] = sums[k] * scaleOf(squares[k] / channels) + weights[channels];
    return response;
  }

  store(): StoredMemory {
    const later = this.#later;
    return {
      channels: this.#channels,
      first: storeMoments(this.#first),
      ...(later && { later: storeMoments(later) }),
    };
  }

  /** @throws InvalidArgumentError for data of another length than `channels` asks for */
  static load({ channels, first, later }: StoredMemory): TargetMemory {
    return new TargetMemory(channels, loadMoments(channels, first), later && loadMoments(channels, later));
  }

  /** The ridge regression's weights, by Cholesky factorisation of its normal equations. */
  #solve(): Float64Array {
    const n = this.#channels + 1;
    const first = this.#first;
    const later = this.#later ?? first;
    const l = mixed(first.products, later.products);
    const w = mixed(first.labelled, later.labelled);
    let trace = 0;
    for (let i = 0; i < n - 1; i++) trace += l[row(i) + i];
    for (let i = 0; i < n - 1; i++) l[row(i) + i] += (RIDGE * trace) / (n - 1) + Number.MIN_VALUE;
    for (let i = 0; i < n; i++) {
      const at = row(i);
      for (let j = 0; j <= i; j++) {
        const other = row(j);
        const left = l[at + j] - dot(l, at, other, j);
        l[at + j] = i === j ? Math.sqrt(Math.max(left, 1e-12)) : left / l[other + j];
      }
    }
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) w[i] -= l[row(i) + k] * w[k];
      w[i] /= l[row(i) + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) w[i] -= l[row(k) + i] * w[k];
      w[i] /= l[row(i) + i];
    }
    return w;
  }
}

/** Of `length` numbers from two places; four sums, so that none waits for the one before. */
function dot(l: Float64Array, a: number, b: number, length: number): number {
  let p = 0;
  let q = 0;
  let r = 0;
  let s = 0;
  let k = 0;
  for (; k + 3 < length; k += 4) {
    p += l[a + k] * l[b + k];
    q += l[a + k + 1] * l[b + k + 1];
    r += l[a + k + 2] * l[b + k + 2];
    s += l[a + k + 3] * l[b + k + 3];
  }
  for (; k < length; k++) p += l[a + k] * l[b + k];
  return p + q + r + s;
}

/** Where row `i` of a lower triangle begins. */
function row(i: number): number {
  return (i * (i + 1)) / 2;
}

/** What makes a cell's mean square 1. */
function scaleOf(meanSquare: number): number {
  return 1 / Math.sqrt(meanSquare + 1e-9);
}

/** Of the cells off the target every second one is looked at, as on a chequerboard: neighbours say much the same. */
function momentsOf(embedding: Embedding, { x, y, side: size }: CellPlace): Moments {
  const { channels, side } = embedding;
  const spread = Math.max(SHARPEST, SPREAD * size);
  const bell = (d: number) => Math.exp(-0.5 * (d / spread) ** 2);
  const cells: number[] = [];
  const labels: number[] = [];
  for (let k = 0; k < side * side; k++) {
    const [i, j] = [k % side, Math.floor(k / side)];
    const label = bell(i - x) * bell(j - y);
    if (label < ON && (i + j) % 2 === 1) continue;
    cells.push(k);
    labels.push(label);
  }
  const on = labels.reduce((sum, label) => sum + label, 1e-9);
  const off = labels.reduce((sum, label) => sum + 1 - label, 1e-9);
  const n = channels + 1;
  const labelled = new Float32Array(n);
  const products = gram(cells.length, n, (z, stride) => {
    for (const [k, label] of labels.entries()) {
      // By the root of its weight, so that products of two values have it once.
      const root = Math.sqrt(0.5 * (label / on + (1 - label) / off));
      const values = z.subarray(k * stride, k * stride + n);
      takeCell(embedding, cells[k], root, values);
      for (let c = 0; c < n; c++) labelled[c] += root * label * values[c];
    }
  });
  return { products, labelled };
}

/** A cell's channels, scaled, and a constant 1, all times `factor`. */
function takeCell(
  { channels, side, data }: Embedding,
  cell: number,
  factor: number,
  out: Float32Array,
): void {
  const all = side * side;
  let squares = 0;
  for (let c = 0, at = cell; c < channels; c++, at += all) {
    const value = data[at];
    out[c] = value;
    squares += value * value;
  }
  const scale = factor * scaleOf(squares / channels);
  for (let c = 0; c < channels; c++) out[c] *= scale;
  out[channels] = factor;
}

/** The first look and the later ones, by their shares. */
function mixed(first: Float32Array, later: Float32Array): Float64Array {
  const sum = new Float64Array(first);
  for (let k = 0; k < sum.length; k++) sum[k] = sum[k] * FIRST + later[k] * (1 - FIRST);
  return sum;
}

function blend(into: Float32Array, from: Float32Array, share: number): void {
  for (let k = 0; k < into.length; k++) into[k] += (from[k] - into[k]) * share;
}

function storeMoments({ products, labelled }: Moments): StoredMoments {
  return { products: encodeFloats(products), labelled: encodeFloats(labelled) };
}

function loadMoments(channels: number, { products, labelled }: StoredMoments): Moments {
  const n = channels + 1;
  return { products: decodeFloats(products, row(n)), labelled: decodeFloats(labelled, n) };
}
