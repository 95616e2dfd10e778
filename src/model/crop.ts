import { type I420Picture, InvalidArgumentError } from '../common/index.js';
import { type Axis, createAxis, layAxis, tableBytes, toBytes } from './axis.js';
import { type Colour, ycbcrToRgb } from './colour.js';
import { cropKernel, kernelMemory } from './kernel/index.js';

/** How a crop's numbers are laid out for a network: planar, (value * scale - mean[c]) / std[c], c in order. */
export interface CropLayout {
  readonly channelOrder: 'RGB' | 'BGR';
  readonly scale: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Which part of a larger picture one is: its corner, both numbers even, and the larger one's sides. */
export interface PicturePart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

type Triple = [number, number, number];

/** What is kept from crop to crop, per output size. */
interface Scratch {
  readonly across: Axis;
  readonly down: Axis;
}
const scratches = new Map<number, Scratch>();

/** Smallest crop the kernel cuts. */
const SMALLEST = 4;

/**
 * Cuts the square of `side` source pixels centred on `cx, cy` (pixel k covers [k, k + 1)) out of a picture, scales
 * it to `size` x `size` by bilinear sampling at exact positions, converts it to the network's colours and writes it
 * planar into `out` from `offset`: 3 * size * size floats. What lies outside the picture is `mean`, mixed in
 * bilinearly at the edge as if the picture were surrounded by it.
 *
 * Output pixel i is centred on source position cx - side / 2 + (i + 0.5) * side / size. Chroma samples lie in the
 * middle of their 2 x 2 pixels. RGB is clamped to 0..255 before normalisation.
 *
 * @param size at least 4
 * @param part what of a larger picture `picture` is, where `cx, cy` count from the corner of the larger one; it holds all that
 * the crop needs
 * @throws InvalidArgumentError
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
  part: PicturePart = { left: 0, top: 0, width: picture.width, height: picture.height },
): void {
  const area = size * size;
  if (!(side > 0 && Number.isFinite(side) && Number.isFinite(cx) && Number.isFinite(cy)))
    throw new InvalidArgumentError('crop', 'a finite centre and a side > 0', [cx, cy, side]);
  if (!(Number.isInteger(size) && size >= SMALLEST))
    throw new InvalidArgumentError('size', `an integer >= ${SMALLEST}`, size);
  if (offset < 0 || offset + 3 * area > out.length)
    throw new InvalidArgumentError('out', `room for ${3 * area} numbers from ${offset}`, `${out.length}`);
  let scratch = scratches.get(size);
  if (!scratch) {
    scratch = { across: createAxis(size), down: createAxis(size) };
    scratches.set(size, scratch);
  }
  const { across, down } = scratch;
  const { gain, bias, fill, channel } = channelsOf(layout, mean);
  /** Where red, green and blue go, counted from the crop's start. */
  const plane: Triple = [channel[0] * area, channel[1] * area, channel[2] * area];
  const tables = kernelMemory(tableBytes(size));
  layAxis(across, size, cx, side, part.width, tables.ints, tables.floats, 0);
  layAxis(down, size, cy, side, part.height, tables.ints, tables.floats, 4 * size);
  if (across.first < across.last && down.first < down.last)
    sample(picture, part, across, down, size, gain, bias, plane, out, offset);
  for (let k = 0; k < 3; k++) {
    const from = offset + plane[k];
    if (across.first >= across.last) out.fill(fill[k], from, from + area);
    else {
      out.fill(fill[k], from, from + Math.min(down.first, down.last) * size);
      out.fill(fill[k], from + down.last * size, from + area);
      mixEdges(across, down, size, fill[k], out, from);
    }
  }
}

/**
 * Of red, green and blue: the network's channel it goes to, the factor and the summand that normalise it, and what `mean` outside the
 * picture is then.
 */
export function channelsOf(
  layout: CropLayout,
  mean: Colour,
): Record<'gain' | 'bias' | 'fill' | 'channel', Triple> {
  const gain: Triple = [0, 0, 0];
  const bias: Triple = [0, 0, 0];
  const fill: Triple = [0, 0, 0];
  const channel: Triple = [0, 0, 0];
  for (let k = 0; k < 3; k++) {
    const c = layout.channelOrder === 'RGB' ? k : 2 - k;
    channel[k] = c;
    gain[k] = layout.scale / layout.std[c];
    bias[k] = -layout.mean[c] / layout.std[c];
    fill[k] = mean[k] * gain[k] + bias[k];
  }
  return { gain, bias, fill, channel };
}

/** Writes the rows that touch the picture, positions outside of it clamped. */
function sample(
  picture: I420Picture,
  { left, top }: PicturePart,
  across: Axis,
  down: Axis,
  size: number,
  gain: Triple,
  bias: Triple,
  plane: Triple,
  out: Float32Array,
  offset: number,
): void {
  const { width, height } = picture;
  const chromaWidth = (width + 1) >> 1;
  const yCount = across.lumaTo - across.lumaFrom + 1;
  const cCount = across.chromaTo - across.chromaFrom + 1;
  // The whole rows are copied in one go unless only a small part of them is wanted.
  const narrow = yCount * 4 < width;
  const yStride = narrow ? yCount : width;
  const cStride = narrow ? cCount : chromaWidth;
  const yRows = down.lumaTo - down.lumaFrom + 1;
  const cRows = down.chromaTo - down.chromaFrom + 1;
  // Rows are read and written eight samples at a time, hence some room behind each.
  const room = 16;
  const yRow = tableBytes(size);
  const uRow = yRow + 4 * (yCount + room);
  const vRow = uRow + 4 * (cCount + room);
  const crop = vRow + 4 * (cCount + room);
  const y = crop + 12 * size * size;
  const u = y + yStride * yRows + room;
  const v = u + cStride * cRows + room;
  const { bytes, ints, floats } = kernelMemory(v + cStride * cRows + room);
  const [lumaX, lumaY] = [across.lumaFrom - left, down.lumaFrom - top];
  const [chromaX, chromaY] = [across.chromaFrom - left / 2, down.chromaFrom - top / 2];
  const chroma = [chromaX, chromaY, cCount, cRows] as const;
  copyRows(picture.y, width, lumaX, lumaY, yCount, yRows, narrow, bytes, y);
  copyRows(picture.u, chromaWidth, ...chroma, narrow, bytes, u);
  copyRows(picture.v, chromaWidth, ...chroma, narrow, bytes, v);
  toBytes(across, size, ints, 0, 4, 4);
  toBytes(down, size, ints, 4 * size, yStride, cStride);
  const k = ycbcrToRgb(picture);
  const black = -k.luma * k.black;
  cropKernel(
    down.first,
    down.last,
    size,
    0,
    yRow,
    uRow,
    vRow,
    narrow ? y : y + lumaX,
    narrow ? u : u + chromaX,
    narrow ? v : v + chromaX,
    height > 1 ? yStride : 0,
    height > 2 ? cStride : 0,
    yCount,
    cCount,
    k.luma,
    k.redV,
    k.greenU,
    k.greenV,
    k.blueU,
    black - 128 * k.redV,
    black + 128 * (k.greenU + k.greenV),
    black - 128 * k.blueU,
    gain[0],
    bias[0],
    gain[1],
    bias[1],
    gain[2],
    bias[2],
    crop + 4 * plane[0],
    crop + 4 * plane[1],
    crop + 4 * plane[2],
  );
  const from = crop / 4;
  out.set(floats.subarray(from, from + 3 * size * size), offset);
}

function copyRows(
  plane: Uint8Array,
  stride: number,
  x: number,
  y: number,
  count: number,
  rows: number,
  narrow: boolean,
  into: Uint8Array,
  at: number,
): void {
  if (!narrow) {
    into.set(plane.subarray(y * stride, (y + rows) * stride), at);
    return;
  }
  for (let k = 0; k < rows; k++) {
    const from = (y + k) * stride + x;
    into.set(plane.subarray(from, from + count), at + k * count);
  }
}

/** Mixes the outside into the rows and columns that straddle or lie beyond the picture's edge. */
function mixEdges(
  across: Axis,
  down: Axis,
  size: number,
  fill: number,
  out: Float32Array,
  from: number,
): void {
  for (let j = down.first; j < down.last; j++) {
    const rowShare = down.inside[j];
    const row = from + j * size;
    if (across.first > 0) out.fill(fill, row, row + across.first);
    if (across.last < size) out.fill(fill, row + across.last, row + size);
    const whole = rowShare === 1 && across.full < across.fullEnd;
    for (let i = across.first; i < across.last; i++) {
      if (whole && i === across.full) i = across.fullEnd;
      if (i >= across.last) break;
      out[row + i] = fill + (out[row + i] - fill) * rowShare * across.inside[i];
    }
  }
}
