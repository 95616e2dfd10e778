import { auroc, type Scored } from './auroc.js';
import { calibrationError, equalMassBins, equalWidthBins, type ReliabilityBin } from './calibration.js';
import { followed, type JudgedFrame } from './frames.js';
import { type Jitter, jitter } from './jitter.js';
import {
  absence,
  type BestPrecisionRecall,
  bestTracking,
  type PrecisionRecall,
  presence,
  tracking,
} from './presence.js';
import {
  afterAbsences,
  afterDrifts,
  type Recovery,
  type RecoverySummary,
  summariseRecoveries,
} from './recovery.js';

/** How far a score can be believed. `hit` is an overlap greater than 0.5; the given frame is left out. */
export interface ScoreMeasures {
  /** Area under the receiver operating characteristic over the frames in which the target is visible. */
  readonly auroc: number;
  /** The same where frames without the target count too, as misses. */
  readonly aurocWithAbsent: number;
  /** Expected calibration error over 15 bins of equal width, over the frames in which the target is visible. */
  readonly ece: number;
  /** The same over bins of equally many frames. */
  readonly eceEqualMass: number;
  /** Equal width again, where frames without the target count too, as misses. */
  readonly eceWithAbsent: number;
}

/** What tells an honest tracker from one that is only right. Parts are `null` where a result lacks what they need. */
export interface HonestMeasures {
  /** Frames followed in which the target is absent. */
  readonly absent: number;
  readonly score: ScoreMeasures | null;
  /** Whether the target is there: only where it is absent at times, and the tracker can say so. */
  readonly presence: PrecisionRecall | null;
  /** Whether it is absent, likewise. */
  readonly absence: PrecisionRecall | null;
  /** Tracking precision, recall and F of VOT-LT by the tracker's own word, where it has one. */
  readonly tracking: PrecisionRecall | null;
  /** The same by the best threshold on the score. */
  readonly bestTracking: BestPrecisionRecall | null;
  /** Found again after absences. */
  readonly absences: RecoverySummary;
  /** Found again after drifts. */
  readonly drifts: RecoverySummary;
  readonly jitter: Jitter;
}

/** {@link HonestMeasures} of one target, and each of its recoveries. */
export interface TargetHonesty extends HonestMeasures {
  readonly returns: readonly Recovery[];
  readonly losses: readonly Recovery[];
}

/** {@link HonestMeasures} over all frames of all targets, and the bins behind the calibration error. */
export interface PooledHonesty extends HonestMeasures {
  /** Equal width, target visible; `null` without scores in 0..1. */
  readonly reliability: readonly ReliabilityBin[] | null;
  readonly reliabilityWithAbsent: readonly ReliabilityBin[] | null;
}

/** The measures of one target. */
export function targetHonesty(frames: readonly JudgedFrame[]): TargetHonesty {
  return { ...honesty([frames]), returns: afterAbsences(frames), losses: afterDrifts(frames) };
}

/** The measures of several targets together: frames are pooled, but tracking precision and recall are means over targets. */
export function pooledHonesty(targets: readonly (readonly JudgedFrame[])[]): PooledHonesty {
  const scored = scoredOf(targets);
  return {
    ...honesty(targets),
    reliability: scored && equalWidthBins(scored.visible),
    reliabilityWithAbsent: scored && equalWidthBins(scored.all),
  };
}

function honesty(targets: readonly (readonly JudgedFrame[])[]): HonestMeasures {
  const frames = targets.flatMap(followed);
  const states = frames.length > 0 && frames.every(({ state }) => state !== null);
  return {
    absent: frames.filter(({ truth }) => truth === null).length,
    score: scoreMeasures(targets),
    presence: presence(targets),
    absence: absence(targets),
    tracking: tracking(targets),
    bestTracking: bestTracking(targets),
    absences: summariseRecoveries(targets.flatMap(afterAbsences), states),
    drifts: summariseRecoveries(targets.flatMap(afterDrifts), states),
    jitter: jitter(targets),
  };
}

function scoreMeasures(targets: readonly (readonly JudgedFrame[])[]): ScoreMeasures | null {
  const scored = scoredOf(targets);
  return (
    scored && {
      auroc: auroc(scored.visible),
      aurocWithAbsent: auroc(scored.all),
      ece: calibrationError(equalWidthBins(scored.visible)),
      eceEqualMass: calibrationError(equalMassBins(scored.visible)),
      eceWithAbsent: calibrationError(equalWidthBins(scored.all)),
    }
  );
}

/** Scores of the frames a tracker answered for; `null` where it has none. */
export function scoredOf(
  targets: readonly (readonly JudgedFrame[])[],
): { readonly visible: readonly Scored[]; readonly all: readonly Scored[] } | null {
  const frames = targets.flatMap(followed);
  if (frames.length === 0 || frames.some(({ score }) => score === null)) return null;
  const toScored = ({ score, hit }: JudgedFrame): Scored => ({ score: score!, hit });
  return {
    visible: frames.filter(({ truth }) => truth !== null).map(toScored),
    all: frames.map(toScored),
  };
}
