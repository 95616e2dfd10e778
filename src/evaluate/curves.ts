import type { Box } from '../common/index.js';
import { centreOffset, mean, overlap, share } from './overlap.js';

/** Boxes of one target, one entry a frame: `null` where it is absent, or where a tracker gave none. */
export type Boxes = readonly (Box | null)[];

/** The plots of one target's result, each an array of shares of the frames in which it is visible. */
export interface Curves {
  /** Share of frames with an overlap greater than each of {@link SUCCESS_THRESHOLDS} (OTB's success plot). */
  readonly success: readonly number[];
  /** Share of frames whose centres are at most each of {@link PRECISION_THRESHOLDS} apart (OTB's precision plot). */
  readonly precision: readonly number[];
  /** The same with the offset divided by the truth's size, at {@link NORMALISED_THRESHOLDS} (TrackingNet). */
  readonly normalisedPrecision: readonly number[];
}

/** Overlaps 0, 0.05, ..., 1. */
export const SUCCESS_THRESHOLDS: readonly number[] = Array.from({ length: 21 }, (_, k) => k * 0.05);
/** Pixels 0, 1, ..., 50. */
export const PRECISION_THRESHOLDS: readonly number[] = Array.from({ length: 51 }, (_, k) => k);
/** Parts of the truth's width and height 0, 0.01, ..., 0.5. */
export const NORMALISED_THRESHOLDS: readonly number[] = Array.from({ length: 51 }, (_, k) => k * 0.01);

/** The curves of a result against its truth; a result of `null` misses the target. Lists are equally long. */
export function curvesOf(result: Boxes, truth: Boxes): Curves {
  const overlaps = overlapsOf(result, truth);
  const far = visible(result, truth, Number.POSITIVE_INFINITY, (a, b) => Math.hypot(...centreOffset(a, b)));
  const relative = visible(result, truth, Number.POSITIVE_INFINITY, (a, b) => {
    const [dx, dy] = centreOffset(a, b);
    return Math.hypot(dx / b[2], dy / b[3]);
  });
  return {
    success: SUCCESS_THRESHOLDS.map((t) => share(overlaps, (o) => o > t)),
    precision: PRECISION_THRESHOLDS.map((t) => share(far, (d) => d <= t)),
    normalisedPrecision: NORMALISED_THRESHOLDS.map((t) => share(relative, (d) => d <= t)),
  };
}

/** Mean curves over targets, each of which counts the same. */
export function meanCurves(curves: readonly Curves[]): Curves {
  const of = (name: keyof Curves, thresholds: readonly number[]) =>
    thresholds.map((_, k) => mean(curves.map((curve) => curve[name][k])));
  return {
    success: of('success', SUCCESS_THRESHOLDS),
    precision: of('precision', PRECISION_THRESHOLDS),
    normalisedPrecision: of('normalisedPrecision', NORMALISED_THRESHOLDS),
  };
}

/** Overlap in each frame in which the target is visible; 0 where the result has no box. */
export function overlapsOf(result: Boxes, truth: Boxes): number[] {
  return visible(result, truth, 0, overlap);
}

/** `of(result, truth)` in each frame in which the target is visible, `missed` where the result has no box there. */
function visible(result: Boxes, truth: Boxes, missed: number, of: (a: Box, b: Box) => number): number[] {
  return truth.flatMap((b, k) => {
    if (b === null) return [];
    const a = result[k];
    return [a === null ? missed : of(a, b)];
  });
}
