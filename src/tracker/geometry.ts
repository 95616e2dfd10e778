import { type Box, type I420Picture, InvalidArgumentError } from '../common/index.js';

/** Where a target is: centre and size, in pixels of the frame. */
export interface Place {
  readonly cx: number;
  readonly cy: number;
  readonly w: number;
  readonly h: number;
}

/** Smallest width and height a target is followed down to, in pixels, unless it started smaller. */
export const SMALLEST_SIDE = 10;

export function placeOf([x, y, w, h]: Box): Place {
  return { cx: x + w / 2, cy: y + h / 2, w, h };
}

export function boxOf({ cx, cy, w, h }: Place): Box {
  return [cx - w / 2, cy - h / 2, w, h];
}

/**
 * A box someone points at: finite, with an area, and with its centre in the frame or at least a part of it there.
 * @throws InvalidArgumentError
 */
export function checkFirstBox(box: Box, { width, height }: I420Picture): void {
  const [x, y, w, h] = box;
  if (box.length !== 4 || !box.every(Number.isFinite) || !(w > 0 && h > 0))
    throw new InvalidArgumentError('box', 'four finite numbers with width and height > 0', box);
  if (x + w <= 0 || y + h <= 0 || x >= width || y >= height)
    throw new InvalidArgumentError('box', `a box that touches the ${width}x${height} frame`, box);
}

/**
 * Keeps a place where it can be searched: centre inside the frame, sides between the smallest ones and the frame's.
 * A box may therefore leave the frame by up to half of itself.
 */
export function keepInFrame(place: Place, picture: I420Picture, smallest: { w: number; h: number }): Place {
  const limit = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
  return {
    cx: limit(place.cx, 0, picture.width),
    cy: limit(place.cy, 0, picture.height),
    w: Math.max(Math.min(smallest.w, picture.width), Math.min(place.w, picture.width)),
    h: Math.max(Math.min(smallest.h, picture.height), Math.min(place.h, picture.height)),
  };
}
