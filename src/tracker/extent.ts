import type { Place } from './geometry.js';

/**
 * How the box that was pointed at differs from what the network takes the target to be: people draw boxes with or without a
 * margin, a rider with or without the bicycle, and what they mean holds in every frame.
 */
export interface Extent {
  /** The box's sides over the network's. */
  readonly w: number;
  readonly h: number;
  /** From the network's centre to the box's, in the box's own sides. */
  readonly x: number;
  readonly y: number;
}

/** Farthest that a side may be from the network's: what differs more is a mistake of one of the two. */
const MOST_SIDE = 1.5;
const MOST_SHIFT = 0.2;

/**
 * Share of what is seen in the first frame that is taken to hold: the rest is that moment's pose and the network's error. The difference in the
 * first frame foretold 0.1 to 0.6 of the one in later frames, by side and data (docs/following.md).
 */
const LASTING = 0.5;

/**
 * The extent of a target as one search region shows it, by the boxes that the network gives in the cells on it in the frame in which it was pointed at,
 * weighted by their scores.
 *
 * @param scores of the grid's cells, 0..1
 * @param box distances left, top, right, bottom in search pixels, planar
 * @param first the box that was pointed at, in search pixels; its centre is the region's
 */
export function extentOf(
  scores: Float32Array,
  box: Float32Array,
  grid: { readonly size: number; readonly offset: number; readonly stride: number },
  first: { readonly w: number; readonly h: number },
): Extent {
  const { size: n, offset, stride } = grid;
  const cells = n * n;
  let [total, w, h, cx, cy] = [0, 0, 0, 0, 0];
  for (let k = 0; k < cells; k++) {
    const x = offset + (k % n) * stride;
    const y = offset + Math.floor(k / n) * stride;
    if (Math.abs(x) > Math.max(first.w / 4, stride / 2) || Math.abs(y) > Math.max(first.h / 4, stride / 2))
      continue;
    const [left, top, right, bottom] = [box[k], box[cells + k], box[2 * cells + k], box[3 * cells + k]];
    if (!(left + right > 0 && top + bottom > 0)) continue;
    const weight = scores[k];
    total += weight;
    w += weight * (left + right);
    h += weight * (top + bottom);
    cx += weight * (x + (right - left) / 2);
    cy += weight * (y + (bottom - top) / 2);
  }
  if (!(total > 1e-6)) return { w: 1, h: 1, x: 0, y: 0 };
  const side = (ratio: number) => Math.min(MOST_SIDE, Math.max(1 / MOST_SIDE, ratio));
  const shift = (share: number) => Math.min(MOST_SHIFT, Math.max(-MOST_SHIFT, share));
  return {
    w: side((first.w * total) / w),
    h: side((first.h * total) / h),
    x: shift(-cx / total / first.w),
    y: shift(-cy / total / first.h),
  };
}

/**
 * What is taken to hold of an extent that several search regions showed: their mean, the sides' geometric one, and a share of that.
 * @param seen one at least
 */
export function lastingExtent(seen: readonly Extent[]): Extent {
  const mean = (of: (extent: Extent) => number) =>
    seen.reduce((sum, extent) => sum + of(extent), 0) / seen.length;
  return {
    w: Math.exp(LASTING * mean(({ w }) => Math.log(w))),
    h: Math.exp(LASTING * mean(({ h }) => Math.log(h))),
    x: LASTING * mean(({ x }) => x),
    y: LASTING * mean(({ y }) => y),
  };
}

/** Where the network takes a target to be that is at `place`. */
export function networkPlace(place: Place, { w, h, x, y }: Extent): Place {
  return { cx: place.cx - x * place.w, cy: place.cy - y * place.h, w: place.w / w, h: place.h / h };
}

/** Where a target is that the network takes to be at `place`. */
export function targetPlace(place: Place, { w, h, x, y }: Extent): Place {
  const [width, height] = [place.w * w, place.h * h];
  return { cx: place.cx + x * width, cy: place.cy + y * height, w: width, h: height };
}
