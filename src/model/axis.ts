/** Table of the samples along both axes of a crop, in the order the kernel reads it; see kernel/crop.wat. */
const ENTRIES = 8;

/** Bytes of the tables of a crop of `size`. */
export function tableBytes(size: number): number {
  return ENTRIES * 4 * size;
}

/** The part of one axis of a crop that a picture covers. */
export interface Axis {
  /** Per output, how much of it lies inside the picture: 1 where both its samples do, 0 where neither does. */
  readonly inside: Float32Array;
  /** Outputs from `first` to `last` (exclusive) touch the picture; those from `full` to `fullEnd` lie inside. */
  first: number;
  last: number;
  full: number;
  fullEnd: number;
  /** Source samples that are read, inclusive. */
  lumaFrom: number;
  lumaTo: number;
  chromaFrom: number;
  chromaTo: number;
}

export function createAxis(size: number): Axis {
  const inside = new Float32Array(size);
  return {
    inside,
    first: 0,
    last: 0,
    full: 0,
    fullEnd: 0,
    lumaFrom: 0,
    lumaTo: 0,
    chromaFrom: 0,
    chromaTo: 0,
  };
}

/**
 * Lays out the samples of one axis: for each output the lower of the two samples it lies between and the weight of
 * the upper one, positions clamped to the picture. Sample k is the middle of pixel k; a chroma sample lies in the
 * middle of the two pixels it covers.
 * @param length the picture's pixels along this axis
 * @param offsets int32 view of the tables, `weights` the float32 view of the same memory
 * @param at where this axis's four arrays start in them
 */
export function layAxis(
  axis: Axis,
  size: number,
  centre: number,
  side: number,
  length: number,
  offsets: Int32Array,
  weights: Float32Array,
  at: number,
): void {
  const step = side / size;
  const start = centre - side / 2 + step / 2 - 0.5;
  const top = length - 1;
  const lumaTop = Math.max(0, top - 1);
  const chromaLast = ((length + 1) >> 1) - 1;
  const chromaTop = Math.max(0, chromaLast - 1);
  axis.first = axis.full = size;
  axis.last = axis.fullEnd = 0;
  for (let i = 0; i < size; i++) {
    const position = start + i * step;
    const inside = position < 0 ? Math.max(0, 1 + position) : Math.min(1, Math.max(0, 1 - (position - top)));
    axis.inside[i] = inside;
    if (inside > 0) {
      axis.first = Math.min(axis.first, i);
      axis.last = i + 1;
      if (inside === 1) {
        axis.full = Math.min(axis.full, i);
        axis.fullEnd = i + 1;
      }
    }
    const x = Math.min(top, Math.max(0, position));
    const luma = Math.min(Math.floor(x), lumaTop);
    offsets[at + i] = luma;
    weights[at + size + i] = x - luma;
    const c = Math.min(chromaLast, Math.max(0, (x - 0.5) / 2));
    const chroma = Math.min(Math.floor(c), chromaTop);
    offsets[at + 2 * size + i] = chroma;
    weights[at + 3 * size + i] = c - chroma;
  }
  axis.lumaFrom = offsets[at];
  axis.lumaTo = Math.min(top, offsets[at + size - 1] + 1);
  axis.chromaFrom = offsets[at + 2 * size];
  axis.chromaTo = Math.min(chromaLast, offsets[at + 3 * size - 1] + 1);
}

/** Turns sample numbers into byte offsets from the first one: `unit` bytes a luma, `chromaUnit` a chroma sample. */
export function toBytes(
  axis: Axis,
  size: number,
  offsets: Int32Array,
  at: number,
  unit: number,
  chromaUnit: number,
): void {
  for (let i = at; i < at + size; i++) {
    offsets[i] = (offsets[i] - axis.lumaFrom) * unit;
    offsets[i + 2 * size] = (offsets[i + 2 * size] - axis.chromaFrom) * chromaUnit;
  }
}
