import type { Place } from './geometry.js';
import type { Size } from './target.js';

/** How many times as large or as small as usual, along each side, a box may become that is not believed. */
export const DOUBTFUL_SIZE = 1.5;
/** The same for what is taken for a target that was lost, by the geometric mean of its sides. */
export const FOUND_SIZE = 2.2;

/** A size moved by a share of the way to another one. */
export function towards(size: Size, other: Size, share: number): Size {
  const mixed = (a: number, b: number) => a ** (1 - share) * b ** share;
  return { w: mixed(size.w, other.w), h: mixed(size.h, other.h) };
}

/** A place of at most `DOUBTFUL_SIZE` times the usual size: where a target is hidden, boxes of whatever is there grow over the picture. */
export function nearSize(place: Place, usual: Size): Place {
  const near = (value: number, of: number) =>
    Math.min(of * DOUBTFUL_SIZE, Math.max(of / DOUBTFUL_SIZE, value));
  return { ...place, w: near(place.w, usual.w), h: near(place.h, usual.h) };
}

/** Whether a target may have come back at this size. */
export function isUsualSize({ w, h }: Size, usual: Size): boolean {
  return Math.abs(Math.log((w * h) / (usual.w * usual.h))) / 2 < Math.log(FOUND_SIZE);
}
