import type { Place } from './geometry.js';
import type { Sight } from './sight.js';
import type { Target } from './target.js';

/** Mean belief from which on a target needs no more than what it may reach. */
const SURE = 0.7;
/** Room around the box, search pixels: half the side of a square target. */
const MARGIN = 32;
/** Room for this many times the way it went from one frame to the next lately. */
const REACH = 2;
/** Seconds in which a speed is forgotten, to a third. */
const FADE = 0.5;

type Sizes = Pick<Sight, 'sizes' | 'usualSize' | 'scale'>;

/**
 * Side of the search crop for the next frame, search pixels, of those that the model takes: no larger than a target needs that is
 * surely followed, which costs least and shows least of what is not the target; the largest where it is in doubt, which may
 * have moved on; the usual one while it is lost.
 */
export function searchSize(sight: Sizes, target: Target, elapsed: number): number {
  const { sizes, usualSize } = sight;
  const { place, presence, speed } = target;
  if (presence.state === 'lost') return usualSize;
  if (presence.state === 'uncertain' || presence.mean < SURE) return sizes[sizes.length - 1];
  const needed = (Math.max(place.w, place.h) / 2) * sight.scale(place) + MARGIN + REACH * speed * elapsed;
  return sizes.find((size) => size >= usualSize || size / 2 >= needed) ?? usualSize;
}

/** Takes in how far the target went: speeds are learnt at once and forgotten slowly. */
export function learnSpeed(
  sight: Pick<Sight, 'scale'>,
  target: Target,
  from: Place,
  to: Place,
  elapsed: number,
): void {
  if (!(elapsed > 0)) return;
  const speed = (Math.hypot(to.cx - from.cx, to.cy - from.cy) * sight.scale(from)) / elapsed;
  target.speed = Math.max(speed, target.speed * Math.exp(-elapsed / FADE));
}
