export { auroc, type RocPoint, rocCurve, type Scored } from './auroc.js';
export {
  CALIBRATION_BINS,
  calibrationError,
  equalMassBins,
  equalWidthBins,
  type ReliabilityBin,
} from './calibration.js';
export { HIT_OVERLAP, type JudgedFrame, judge, type Outcome } from './frames.js';
export { type Jitter, jitter, STILL } from './jitter.js';
export {
  type HonestMeasures,
  type PooledHonesty,
  pooledHonesty,
  type ScoreMeasures,
  scoredOf,
  type TargetHonesty,
  targetHonesty,
} from './measures.js';
export {
  absence,
  type BestPrecisionRecall,
  bestTracking,
  hasAbsence,
  type PrecisionRecall,
  presence,
  tracking,
} from './presence.js';
export {
  afterAbsences,
  afterDrifts,
  DRIFT_OVERLAP,
  type Recovery,
  type RecoverySummary,
  SOON_FRAMES,
  summariseRecoveries,
} from './recovery.js';
