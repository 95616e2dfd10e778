import type { Place } from './geometry.js';

/** Centre of a search region. */
export interface Region {
  readonly cx: number;
  readonly cy: number;
}

/**
 * Where to look for a lost target: the whole picture in search regions half a side apart, nearest to its last place
 * first. Odd turns go round among the nearest regions, even ones sweep everything: a target that comes back beside
 * where it was is found soon, and one that comes back elsewhere is found in the end.
 *
 * @param side of a search region, pixels
 * @param turn regions given out since the target was lost
 * @param count how many to give now
 */
export function regionsToSearch(
  picture: { readonly width: number; readonly height: number },
  last: Place,
  side: number,
  turn: number,
  count: number,
): Region[] {
  const all = sweep(picture, last, side);
  const near = all.slice(0, NEAR);
  const chosen = new Set<Region>();
  for (let k = 0; k < count && chosen.size < all.length; k++) {
    const t = turn + k;
    const half = t >> 1;
    chosen.add(t % 2 === 0 ? all[half % all.length] : near[half % near.length]);
  }
  return [...chosen];
}

/** The place itself and the eight regions around it. */
const NEAR = 9;

/** Region centres half a side apart over the picture, aligned to the last place, nearest first. */
function sweep({ width, height }: { width: number; height: number }, last: Place, side: number): Region[] {
  const step = side / 2;
  const line = (origin: number, length: number) => {
    const from = -Math.floor((origin + step / 2) / step);
    const to = Math.floor((length - origin + step / 2) / step);
    return Array.from({ length: to - from + 1 }, (_, k) => origin + (from + k) * step);
  };
  const distance = (r: Region) => (r.cx - last.cx) ** 2 + (r.cy - last.cy) ** 2;
  return line(last.cy, height)
    .flatMap((cy) => line(last.cx, width).map((cx) => ({ cx, cy })))
    .sort((a, b) => distance(a) - distance(b));
}
