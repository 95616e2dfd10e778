import { type I420Picture, InvalidArgumentError } from '../common/index.js';
import { type Colour, type YcbcrToRgb, ycbcrToRgb } from './colour.js';

/** How a crop's numbers are laid out for a network: planar, (value * scale - mean[c]) / std[c], c in order. */
export interface CropLayout {
  readonly channelOrder: 'RGB' | 'BGR';
  readonly scale: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * Where the samples of one axis lie: for output i the lower of its two source samples and the weight of the upper
 * one, clamped to the picture, and how much of the output lies inside the picture (1 where both samples do).
 */
interface Axis {
  readonly luma: Int32Array;
  readonly lumaWeight: Float32Array;
  readonly chroma: Int32Array;
  readonly chromaWeight: Float32Array;
  readonly inside: Float32Array;
  /** Outputs from `first` to `last` (exclusive) touch the picture; those between `full` and `fullEnd` lie inside. */
  first: number;
  last: number;
  full: number;
  fullEnd: number;
}

function createAxis(size: number): Axis {
  return {
    luma: new Int32Array(size),
    lumaWeight: new Float32Array(size),
    chroma: new Int32Array(size),
    chromaWeight: new Float32Array(size),
    inside: new Float32Array(size),
    first: 0,
    last: 0,
    full: 0,
    fullEnd: 0,
  };
}

function layAxis(axis: Axis, size: number, centre: number, side: number, length: number): void {
  const step = side / size;
  const start = centre - side / 2 + step / 2 - 0.5;
  const top = length - 1;
  const chromaTop = ((length + 1) >> 1) - 1;
  axis.first = axis.full = size;
  axis.last = axis.fullEnd = 0;
  for (let i = 0; i < size; i++) {
    const at = start + i * step;
    const inside = at < 0 ? Math.max(0, 1 + at) : at > top ? Math.max(0, 1 - (at - top)) : 1;
    axis.inside[i] = inside;
    if (inside > 0) {
      if (axis.first === size) axis.first = i;
      axis.last = i + 1;
      if (inside === 1) {
        if (axis.full === size) axis.full = i;
        axis.fullEnd = i + 1;
      }
    }
    const x = Math.min(top, Math.max(0, at));
    const lower = Math.min(Math.floor(x), Math.max(0, top - 1));
    axis.luma[i] = lower;
    axis.lumaWeight[i] = x - lower;
    // A chroma sample sits in the middle of the two pixels it covers.
    const c = Math.min(chromaTop, Math.max(0, (x - 0.5) / 2));
    const chromaLower = Math.min(Math.floor(c), Math.max(0, chromaTop - 1));
    axis.chroma[i] = chromaLower;
    axis.chromaWeight[i] = c - chromaLower;
  }
}

/** Tables and row buffers, kept from crop to crop: one set per output size. */
interface Scratch {
  readonly across: Axis;
  readonly down: Axis;
}
const scratches = new Map<number, Scratch>();

/** Row buffers in source samples, grown to the widest picture seen. */
let rowY = new Float32Array(0);
let rowU = new Float32Array(0);
let rowV = new Float32Array(0);

function blendRows(
  out: Float32Array,
  plane: Uint8Array,
  stride: number,
  rows: number,
  at: number,
  weight: number,
  from: number,
  to: number,
): void {
  const a = at * stride;
  const b = at + 1 < rows ? a + stride : a;
  for (let x = from; x < to; x++) {
    const p = plane[a + x];
    out[x] = p + (plane[b + x] - p) * weight;
  }
}

/**
 * Cuts the square of `side` source pixels centred on `cx, cy` (pixel k covers [k, k + 1)) out of a picture, scales
 * it to `size` x `size` by bilinear sampling at exact positions, converts it to the network's colours and writes it
 * planar into `out` from `offset`: 3 * size * size floats. What lies outside the picture is `mean`, mixed in
 * bilinearly at the edge as if the picture were surrounded by it.
 *
 * Output pixel i is centred on source position cx - side / 2 + (i + 0.5) * side / size. Chroma samples lie in the
 * middle of their 2 x 2 pixels. RGB is clamped to 0..255 before normalisation.
 */
export function cropContext(
  picture: I420Picture,
  cx: number,
  cy: number,
  side: number,
  size: number,
  mean: Colour,
  out: Float32Array,
  offset: number,
  layout: CropLayout,
): void {
  if (!(side > 0 && Number.isFinite(side) && Number.isFinite(cx) && Number.isFinite(cy)))
    throw new InvalidArgumentError('crop', 'a finite centre and a side > 0', [cx, cy, side]);
  const area = size * size;
  if (offset < 0 || offset + 3 * area > out.length)
    throw new InvalidArgumentError('out', `room for ${3 * area} numbers from ${offset}`, `${out.length}`);
  let scratch = scratches.get(size);
  if (!scratch) {
    scratch = { across: createAxis(size), down: createAxis(size) };
    scratches.set(size, scratch);
  }
  const { across, down } = scratch;
  layAxis(across, size, cx, side, picture.width);
  layAxis(down, size, cy, side, picture.height);
  const rgb = layout.channelOrder === 'RGB';
  const gain: [number, number, number] = [0, 0, 0];
  const bias: [number, number, number] = [0, 0, 0];
  const fill: [number, number, number] = [0, 0, 0];
  const plane: [number, number, number] = [0, 0, 0];
  for (let k = 0; k < 3; k++) {
    const c = rgb ? k : 2 - k;
    gain[k] = layout.scale / layout.std[c];
    bias[k] = -layout.mean[c] / layout.std[c];
    fill[k] = mean[k] * gain[k] + bias[k];
    plane[k] = offset + c * area;
  }
  for (let k = 0; k < 3; k++) {
    const p = plane[k];
    out.fill(fill[k], p, p + down.first * size);
    out.fill(fill[k], p + Math.max(down.first, down.last) * size, p + area);
    for (let j = down.first; j < down.last; j++) {
      const row = p + j * size;
      if (across.first > 0) out.fill(fill[k], row, row + across.first);
      if (across.last < size) out.fill(fill[k], row + Math.max(across.first, across.last), row + size);
    }
  }
  if (across.first >= across.last || down.first >= down.last) return;
  sampleRows(picture, across, down, size, ycbcrToRgb(picture), gain, bias, plane, out);
  mixEdges(across, down, size, fill, plane, out);
}

function sampleRows(
  picture: I420Picture,
  across: Axis,
  down: Axis,
  size: number,
  k: YcbcrToRgb,
  gain: readonly [number, number, number],
  bias: readonly [number, number, number],
  plane: readonly [number, number, number],
  out: Float32Array,
): void {
  const { width, height } = picture;
  const cw = (width + 1) >> 1;
  const ch = (height + 1) >> 1;
  if (rowY.length < width + 1) {
    rowY = new Float32Array(width + 1);
    rowU = new Float32Array(cw + 1);
    rowV = new Float32Array(cw + 1);
  }
  const from = across.luma[across.first];
  const to = Math.min(width, across.luma[across.last - 1] + 2);
  const cFrom = across.chroma[across.first];
  const cTo = Math.min(cw, across.chroma[across.last - 1] + 2);
  const { luma, lumaWeight, chroma, chromaWeight, first, last } = across;
  const ys = rowY;
  const us = rowU;
  const vs = rowV;
  const [gr, gg, gb] = gain;
  const [br, bg, bb] = bias;
  const constR = -k.luma * k.black - 128 * k.redV;
  const constG = -k.luma * k.black + 128 * (k.greenU + k.greenV);
  const constB = -k.luma * k.black - 128 * k.blueU;
  for (let j = down.first; j < down.last; j++) {
    blendRows(ys, picture.y, width, height, down.luma[j], down.lumaWeight[j], from, to);
    blendRows(us, picture.u, cw, ch, down.chroma[j], down.chromaWeight[j], cFrom, cTo);
    blendRows(vs, picture.v, cw, ch, down.chroma[j], down.chromaWeight[j], cFrom, cTo);
    // The sample after the last one is read with weight 0 where a picture is one sample wide.
    if (to === width) ys[width] = ys[width - 1];
    if (cTo === cw) {
      us[cw] = us[cw - 1];
      vs[cw] = vs[cw - 1];
    }
    const row = j * size;
    let r = plane[0] + row + first;
    let g = plane[1] + row + first;
    let b = plane[2] + row + first;
    for (let i = first; i < last; i++) {
      const x = luma[i];
      const a = ys[x];
      const y = k.luma * (a + (ys[x + 1] - a) * lumaWeight[i]);
      const c = chroma[i];
      const cwt = chromaWeight[i];
      const u0 = us[c];
      const u = u0 + (us[c + 1] - u0) * cwt;
      const v0 = vs[c];
      const v = v0 + (vs[c + 1] - v0) * cwt;
      const red = y + k.redV * v + constR;
      const green = y - k.greenU * u - k.greenV * v + constG;
      const blue = y + k.blueU * u + constB;
      out[r++] = Math.max(0, Math.min(255, red)) * gr + br;
      out[g++] = Math.max(0, Math.min(255, green)) * gg + bg;
      out[b++] = Math.max(0, Math.min(255, blue)) * gb + bb;
    }
  }
}

/** Mixes the outside into the few rows and columns whose samples straddle the picture's edge. */
function mixEdges(
  across: Axis,
  down: Axis,
  size: number,
  fill: readonly [number, number, number],
  plane: readonly [number, number, number],
  out: Float32Array,
): void {
  for (let j = down.first; j < down.last; j++) {
    const whole = down.inside[j] === 1;
    for (let i = across.first; i < across.last; i++) {
      if (whole && i === across.full) i = across.fullEnd;
      if (i >= across.last) break;
      const share = down.inside[j] * across.inside[i];
      for (let c = 0; c < 3; c++) {
        const at = plane[c] + j * size + i;
        out[at] = fill[c] + (out[at] - fill[c]) * share;
      }
    }
  }
}
