import type { JudgedFrame } from './frames.js';

/** A target that had to be found again, and whether it was. */
export interface Recovery {
  /** 0-based index of the frame from which it could be found: the first one visible again, or the first one missed. */
  readonly from: number;
  /** How it ended: found; gone again before; or the sequence ended without. */
  readonly outcome: 'found' | 'left' | 'never';
  /** Frames from `from` to the first one that is reported present with a box on the target, 0 for at once; `null` unless found. */
  readonly frames: number | null;
  /** Frames from the loss (first absent or first missed frame) until the tracker said `lost`; `null` where it did not, or has no states. */
  readonly noticed: number | null;
}

/** Recoveries in numbers. */
export interface RecoverySummary {
  readonly count: number;
  readonly found: number;
  /** Gone again before they were found. */
  readonly left: number;
  readonly never: number;
  /** Found within {@link SOON_FRAMES}. */
  readonly soon: number;
  /** Median of the frames it took, where those not found count as infinitely many; `NaN` where there is nothing to find. */
  readonly median: number;
  /** In how many the tracker said `lost` before the target was found, came back or went; `null` where it has no states. */
  readonly noticed: number | null;
}

/** A frame with less overlap than this has lost the target: VOT's threshold of failure since 2020. */
export const DRIFT_OVERLAP = 0.1;

/** Half a second of 25 frames. */
export const SOON_FRAMES = 12;

/** Every return of a target after frames in which it was absent, in order. */
export function afterAbsences(frames: readonly JudgedFrame[]): Recovery[] {
  const found: Recovery[] = [];
  for (let k = 1; k < frames.length; k++) {
    if (frames[k].truth !== null || frames[k - 1].truth === null) continue;
    const back = frames.findIndex(({ truth }, at) => at > k && truth !== null);
    if (back < 0) break;
    found.push({ ...recover(frames, back), noticed: firstLost(frames, k, back) });
  }
  return found;
}

/**
 * Every drift: the target is visible and was followed, and the overlap falls to {@link DRIFT_OVERLAP} or less. What follows an absence is
 * no drift before the target was found again.
 */
export function afterDrifts(frames: readonly JudgedFrame[]): Recovery[] {
  const found: Recovery[] = [];
  let on = true;
  for (let k = 1; k < frames.length; k++) {
    const { truth, overlap, hit, reported } = frames[k];
    if (truth === null) on = false;
    else if (hit && reported) on = true;
    else if (on && overlap <= DRIFT_OVERLAP) {
      on = false;
      const recovery = recover(frames, k);
      const end = k + (recovery.frames ?? visibleFrom(frames, k));
      found.push({ ...recovery, noticed: firstLost(frames, k, end) });
    }
  }
  return found;
}

/** Counts and the median; `states` says whether the tracker has any. */
export function summariseRecoveries(recoveries: readonly Recovery[], states: boolean): RecoverySummary {
  const count = (outcome: Recovery['outcome']) => recoveries.filter((one) => one.outcome === outcome).length;
  return {
    count: recoveries.length,
    found: count('found'),
    left: count('left'),
    never: count('never'),
    soon: recoveries.filter(({ frames }) => frames !== null && frames <= SOON_FRAMES).length,
    median: median(recoveries.map(({ frames }) => frames ?? Number.POSITIVE_INFINITY)),
    noticed: states ? recoveries.filter(({ noticed }) => noticed !== null).length : null,
  };
}

function recover(frames: readonly JudgedFrame[], from: number): Omit<Recovery, 'noticed'> {
  const visible = visibleFrom(frames, from);
  const after = frames.slice(from, from + visible).findIndex(({ hit, reported }) => hit && reported);
  if (after >= 0) return { from, outcome: 'found', frames: after };
  return { from, outcome: from + visible < frames.length ? 'left' : 'never', frames: null };
}

/** For how many frames from this one on the target stays visible. */
function visibleFrom(frames: readonly JudgedFrame[], from: number): number {
  const gone = frames.findIndex(({ truth }, at) => at >= from && truth === null);
  return (gone < 0 ? frames.length : gone) - from;
}

function firstLost(frames: readonly JudgedFrame[], from: number, end: number): number | null {
  const at = frames.slice(from, end).findIndex(({ state }) => state === 'lost');
  return at < 0 ? null : at;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  // Between a number and never lies never.
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
