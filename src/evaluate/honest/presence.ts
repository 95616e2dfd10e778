import { mean } from '../overlap.js';
import { followed, type JudgedFrame, saysAbsent } from './frames.js';

/**
 * Precision, recall and their harmonic mean F, 0..1. Precision is `NaN` where nothing was reported, recall where nothing was to be; F is 0
 * where only one of them is there.
 */
export interface PrecisionRecall {
  readonly precision: number;
  readonly recall: number;
  readonly f: number;
}

/** The best a threshold on the score can do. */
export interface BestPrecisionRecall extends PrecisionRecall {
  /** Frames that score at least this count as reported. */
  readonly threshold: number;
}

/** A target's frames, the given one first. */
type Target = readonly JudgedFrame[];

const THRESHOLDS = 200;

/**
 * Whether the target is there, wherever the box may be: of the frames reported present, those in which it is visible (precision); of the
 * frames in which it is visible, those reported present (recall). Frames of all targets are pooled. `null` where no target is ever
 * absent, or the tracker cannot say so; only targets that are absent at times count.
 */
export function presence(targets: readonly Target[]): PrecisionRecall | null {
  return saying(targets, true);
}

/**
 * The other side of {@link presence}: precision and recall of the word that the target is absent. A tracker that never says so has a high
 * {@link presence} wherever absences are short, and an F of 0 here.
 */
export function absence(targets: readonly Target[]): PrecisionRecall | null {
  return saying(targets, false);
}

function saying(targets: readonly Target[], present: boolean): PrecisionRecall | null {
  const counted = targets.filter(hasAbsence);
  if (!counted.some(saysAbsent)) return null;
  const frames = counted.flatMap(followed);
  const so = frames.filter(({ truth }) => (truth !== null) === present);
  const said = frames.filter(({ reported }) => reported === present);
  const right = so.filter(({ reported }) => reported === present).length;
  return fMeasure(right / said.length, right / so.length);
}

/**
 * Tracking precision and recall (Lukežič et al., "Now you see me: evaluating performance in long-term visual tracking", arXiv:1804.07056): mean
 * overlap over the frames reported present, where an absent target overlaps nothing, and mean overlap over the frames in which the target is
 * visible, where a frame not reported overlaps nothing; each is averaged over the targets before F is taken, as VOT's toolkit does. A target that
 * is never reported has a precision of 1 and a recall of 0. `null` where the tracker cannot say that a target is absent.
 */
export function tracking(targets: readonly Target[]): PrecisionRecall | null {
  if (!targets.some(saysAbsent)) return null;
  return trackingWhere(targets.map(followed), ({ reported }) => reported);
}

/**
 * {@link tracking} where the score alone decides what is reported, at the threshold with the highest F: VOT-LT's primary measure. Up to 200
 * thresholds are tried, spread evenly over the scores there are. `null` where scores are not known.
 */
export function bestTracking(targets: readonly Target[]): BestPrecisionRecall | null {
  const answered = targets.map(followed);
  const frames = answered.flat();
  if (frames.length === 0 || frames.some(({ score }) => score === null)) return null;
  const scores = [...new Set(frames.map(({ score }) => score!))].sort((a, b) => a - b);
  const step = Math.max(1, (scores.length - 1) / (THRESHOLDS - 1));
  let best: BestPrecisionRecall | null = null;
  for (let at = 0; at < scores.length; at += step) {
    const threshold = scores[Math.round(at)];
    const found = trackingWhere(answered, ({ box, score }) => box !== null && score! >= threshold);
    if (best === null || found.f > best.f || Number.isNaN(best.f)) best = { ...found, threshold };
  }
  return best;
}

/** Whether the target is absent from a frame that the tracker answered for. */
export function hasAbsence(frames: Target): boolean {
  return followed(frames).some(({ truth }) => truth === null);
}

/** @param targets frames without the given ones */
function trackingWhere(
  targets: readonly Target[],
  reports: (frame: JudgedFrame) => boolean,
): PrecisionRecall {
  const precisions: number[] = [];
  const recalls: number[] = [];
  for (const frames of targets) {
    if (frames.length === 0) continue;
    let [reported, visible, overlap] = [0, 0, 0];
    for (const frame of frames) {
      if (frame.truth !== null) visible++;
      if (!reports(frame)) continue;
      reported++;
      overlap += frame.overlap;
    }
    // As VOT has it: nothing reported is nothing wrong.
    precisions.push(reported > 0 ? overlap / reported : 1);
    if (visible > 0) recalls.push(overlap / visible);
  }
  return fMeasure(mean(precisions), mean(recalls));
}

function fMeasure(precision: number, recall: number): PrecisionRecall {
  if (Number.isNaN(precision) && Number.isNaN(recall)) return { precision, recall, f: Number.NaN };
  const f = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, f };
}
