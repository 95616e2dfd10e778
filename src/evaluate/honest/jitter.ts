import type { Box } from '../../common/index.js';
import { centreOffset, mean } from '../overlap.js';
import type { JudgedFrame } from './frames.js';

/** How far a box moves while its target does not, as parts of the true box's diagonal and frame; means over pairs of frames. */
export interface Jitter {
  /** Pairs of consecutive frames in which the target is still and followed. */
  readonly pairs: number;
  /** How far the centre moves; `NaN` without pairs, as all that follow. */
  readonly centre: number;
  /** How far the size changes: length of the change of width and height. */
  readonly size: number;
  /** How far the centre of the truth moves over the same pairs: what a perfect tracker would show. */
  readonly truthCentre: number;
  readonly truthSize: number;
}

/** A target is still where its centre moves and its size changes by no more than this part of its diagonal from a frame to the next. */
export const STILL = 0.01;

/**
 * Jitter on still targets. Both frames must be the tracker's own, with boxes on the target: one that has lost it and stands still is not
 * steady. Frames of several targets are pooled.
 *
 * @param still what counts as still; default {@link STILL}
 */
export function jitter(targets: readonly (readonly JudgedFrame[])[], still: number = STILL): Jitter {
  const pairs = targets.flatMap((frames) => stillPairs(frames, still));
  const of = (what: (pair: StillPair) => number) => mean(pairs.map(what));
  return {
    pairs: pairs.length,
    centre: of(({ box }) => box.centre),
    size: of(({ box }) => box.size),
    truthCentre: of(({ truth }) => truth.centre),
    truthSize: of(({ truth }) => truth.size),
  };
}

interface Movement {
  readonly centre: number;
  readonly size: number;
}

interface StillPair {
  readonly box: Movement;
  readonly truth: Movement;
}

function stillPairs(frames: readonly JudgedFrame[], still: number): StillPair[] {
  const pairs: StillPair[] = [];
  for (let k = 2; k < frames.length; k++) {
    const [a, b] = [frames[k - 1], frames[k]];
    if (!(a.hit && b.hit) || !a.truth || !b.truth || !a.box || !b.box) continue;
    const diagonal = Math.hypot(a.truth[2], a.truth[3]);
    const truth = movement(a.truth, b.truth, diagonal);
    if (truth.centre > still || truth.size > still) continue;
    pairs.push({ truth, box: movement(a.box, b.box, diagonal) });
  }
  return pairs;
}

function movement(a: Box, b: Box, diagonal: number): Movement {
  return {
    centre: Math.hypot(...centreOffset(b, a)) / diagonal,
    size: Math.hypot(b[2] - a[2], b[3] - a[3]) / diagonal,
  };
}
