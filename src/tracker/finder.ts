import type { Place } from './geometry.js';

/** A search region to look for a target in. */
export interface Region {
  readonly cx: number;
  readonly cy: number;
  /** How large the target is taken to be there, against its usual size. */
  readonly scale: number;
}

/** Between two sizes that are looked for: at its geometric middle, a network still knows a target of either. */
const STEP = 1.5;
/** How many regions around the last place are looked at in turn, by scale: the place itself and those around it. */
const NEAR: readonly { readonly scale: number; readonly count: number }[] = [
  { scale: 1, count: 9 },
  { scale: STEP, count: 1 },
  { scale: 1 / STEP, count: 5 },
];
/** At which scales the whole picture is swept, one after the other. */
const SWEEPS = [1, STEP, 1, 1 / STEP];

/**
 * Where to look for a lost target: the whole picture in search regions half a side apart, nearest to its last place
 * first. Odd turns go round among the nearest regions, even ones sweep everything: a target that comes back beside
 * where it was is found soon, and one that comes back elsewhere is found in the end. It may have come nearer or gone farther away
 * meanwhile, so regions are larger and smaller, too, though less often.
 *
 * @param last where it was, in its usual size
 * @param side of a search region around it, pixels
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
  const at = new Map(SWEEPS.map((scale) => [scale, sweep(picture, last, side, scale)]));
  const all = SWEEPS.flatMap((scale) => at.get(scale) ?? []);
  const near = NEAR.flatMap(({ scale, count }) => at.get(scale)?.slice(0, count) ?? []);
  const chosen = new Set<Region>();
  for (let k = 0; k < count && chosen.size < all.length; k++) {
    const t = turn + k;
    const half = t >> 1;
    chosen.add(t % 2 === 0 ? all[half % all.length] : near[half % near.length]);
  }
  return [...chosen];
}

/** Region centres half a side apart over the picture, aligned to the last place, nearest first. */
function sweep(
  { width, height }: { width: number; height: number },
  last: Place,
  side: number,
  scale: number,
): Region[] {
  const step = (side * scale) / 2;
  const line = (origin: number, length: number) => {
    const from = -Math.floor((origin + step / 2) / step);
    const to = Math.floor((length - origin + step / 2) / step);
    return Array.from({ length: to - from + 1 }, (_, k) => origin + (from + k) * step);
  };
  const distance = (r: Region) => (r.cx - last.cx) ** 2 + (r.cy - last.cy) ** 2;
  return line(last.cy, height)
    .flatMap((cy) => line(last.cx, width).map((cx) => ({ cx, cy, scale })))
    .sort((a, b) => distance(a) - distance(b));
}
