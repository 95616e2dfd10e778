import type { Place } from './geometry.js';

/** A search region to look for a target in. */
export interface Region {
  readonly cx: number;
  readonly cy: number;
  /** How large the target is taken to be there, against its usual size. */
  readonly scale: number;
}

/** How far apart the sizes are that are looked for: half of it either way is less than the 1.28 by which sizes differ in training pairs. */
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
  const grids = SWEEPS.map((scale) => gridOf(picture, last, (side * scale) / 2, scale));
  const total = grids.reduce((sum, { xs, ys }) => sum + xs.length * ys.length, 0);
  const near = NEAR.flatMap(({ scale, count }) => nearest(gridNear(grids, scale, last, count), last, count));
  const sorted = new Map<Grid, Region[]>();
  const swept = (index: number): Region => {
    let left = index;
    for (const grid of grids) {
      if (left < grid.xs.length * grid.ys.length) {
        if (!sorted.has(grid)) sorted.set(grid, nearest(grid, last));
        return sorted.get(grid)![left];
      }
      left -= grid.xs.length * grid.ys.length;
    }
    throw new RangeError(`Expected a region below ${total}, got ${index}.`);
  };
  const chosen = new Map<string, Region>();
  for (let k = 0; k < count && chosen.size < total; k++) {
    const t = turn + k;
    const half = t >> 1;
    const region = t % 2 === 0 ? swept(half % total) : near[half % near.length];
    chosen.set(`${region.cx} ${region.cy} ${region.scale}`, region);
  }
  return [...chosen.values()];
}

/** Centres of regions half a side apart over the picture, aligned to the last place. */
interface Grid {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly step: number;
  readonly scale: number;
}

function gridOf(
  { width, height }: { readonly width: number; readonly height: number },
  last: Place,
  step: number,
  scale: number,
): Grid {
  const line = (origin: number, length: number) => {
    const from = -Math.floor((origin + step / 2) / step);
    const to = Math.floor((length - origin + step / 2) / step);
    return Array.from({ length: to - from + 1 }, (_, k) => origin + (from + k) * step);
  };
  return { xs: line(last.cx, width), ys: line(last.cy, height), step, scale };
}

/** The part of a grid that holds its `count` nearest centres, so that the rest need not be sorted. */
function gridNear(grids: readonly Grid[], scale: number, { cx, cy }: Place, count: number): Grid {
  const grid = grids[SWEEPS.indexOf(scale)];
  const within = (at: readonly number[], middle: number) =>
    at.filter((value) => Math.abs(value - middle) < (count + 0.5) * grid.step);
  return { ...grid, xs: within(grid.xs, cx), ys: within(grid.ys, cy) };
}

/** A grid's regions, the nearest first, `count` at most. */
function nearest({ xs, ys, scale }: Grid, { cx, cy }: Place, count?: number): Region[] {
  const distance = (r: Region) => (r.cx - cx) ** 2 + (r.cy - cy) ** 2;
  return ys
    .flatMap((y) => xs.map((x) => ({ cx: x, cy: y, scale })))
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, count);
}
