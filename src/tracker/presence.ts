/** How sure a tracker is of its target. */
export type TargetState = 'tracking' | 'uncertain' | 'lost';

/** Between which beliefs a target is what. */
export interface StateThresholds {
  readonly tracking: number;
  readonly lost: number;
}

/** Seconds over which beliefs are averaged: some bad frames are not a lost target. */
const MEMORY = 0.2;
/** A frame counts for this much at most, however long ago the one before was: one bad frame is not a lost target either. */
const MOST = 0.5;
/** Belief must rise above a threshold by this much before a doubt is over. */
const HYSTERESIS = 0.1;

/** A target's presence: the averaged belief and the state it led to. */
export interface Presence {
  readonly state: TargetState;
  readonly mean: number;
}

/**
 * The presence after one more frame. The mean follows the belief with a time constant, so that what counts is time
 * and not the number of frames, down to some seven a second; states change at the thresholds, with hysteresis on the way up.
 *
 * @param seconds since the frame before
 */
export function nextPresence(
  { state, mean }: Presence,
  belief: number,
  seconds: number,
  { tracking, lost }: StateThresholds,
): Presence {
  const share = Math.min(MOST, 1 - Math.exp(-Math.max(0, seconds) / MEMORY));
  const next = mean + (belief - mean) * share;
  const over = (threshold: number, held: boolean) =>
    next >= (held ? threshold : Math.min(0.99, threshold + HYSTERESIS));
  if (over(tracking, state === 'tracking')) return { state: 'tracking', mean: next };
  if (over(lost, state !== 'lost')) return { state: 'uncertain', mean: next };
  return { state: 'lost', mean: next };
}
