export { type BeliefQuality, type CalibrationReport, calibrate } from './calibrate/calibrate.js';
export { type Boxes, type Curves, curvesOf, meanCurves } from './curves.js';
export {
  type EvaluateOptions,
  type EvaluationReport,
  type EvaluationRow,
  evaluate,
  measureResults,
  type OnRow,
} from './evaluate.js';
export { frameSizeOf } from './frames.js';
export {
  absence,
  afterAbsences,
  afterDrifts,
  auroc,
  type BestPrecisionRecall,
  bestTracking,
  calibrationError,
  equalMassBins,
  equalWidthBins,
  type HonestMeasures,
  type Jitter,
  type JudgedFrame,
  jitter,
  judge,
  type Outcome,
  type PooledHonesty,
  type PrecisionRecall,
  pooledHonesty,
  presence,
  type Recovery,
  type RecoverySummary,
  type ReliabilityBin,
  type Scored,
  type ScoreMeasures,
  type TargetHonesty,
  targetHonesty,
  tracking,
} from './honest/index.js';
export { formatComparison, formatHonesty } from './honest-table.js';
export { MEASURES, type Measures, meanMeasures, measure } from './measures.js';
export {
  type OnePassOptions,
  type OnePassResult,
  type OnePassTracker,
  type OnePassUpdate,
  runOnePass,
} from './one-pass.js';
export { type ReportInput, type ReportTracker, renderReport } from './report/index.js';
export { digest, ResultFolder, ResultsError, type StoredResult } from './results.js';
export { formatHeading, formatMean, formatRow } from './table.js';
