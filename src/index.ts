// The whole public API, room by room. What is not listed here may change in any release.

// Words every room shares.
export { type Box, type I420Picture, InvalidArgumentError, iou, SiamtrackError } from './common/index.js';
// Sequences of benchmarks, on disk.
export {
  DatasetError,
  type ReadSequencesOptions,
  readSequences,
  type Sequence,
  type SequenceTarget,
} from './datasets/index.js';
// One-pass evaluation, its measures and its report.
export {
  auroc,
  type BestPrecisionRecall,
  calibrationError,
  type EvaluateOptions,
  type EvaluationReport,
  type EvaluationRow,
  equalMassBins,
  equalWidthBins,
  evaluate,
  type HonestMeasures,
  type Jitter,
  type JudgedFrame,
  judge,
  MEASURES,
  type Measures,
  meanMeasures,
  measure,
  measureResults,
  type OnePassOptions,
  type OnePassResult,
  type OnePassTracker,
  type OnePassUpdate,
  type OnRow,
  type Outcome,
  type PooledHonesty,
  type PrecisionRecall,
  pooledHonesty,
  type Recovery,
  type RecoverySummary,
  type ReliabilityBin,
  type ReportInput,
  type ReportTracker,
  ResultFolder,
  ResultsError,
  renderReport,
  runOnePass,
  type Scored,
  type ScoreMeasures,
  type StoredResult,
  type TargetHonesty,
  targetHonesty,
} from './evaluate/index.js';
// Results out: JSON lines and annotated video.
export {
  BoxMessage,
  boxMessage,
  JsonLinesWriter,
  type MessageFrame,
  type MessageTarget,
  OutputError,
  PreviewWriter,
  TargetMessage,
} from './formats/index.js';
// Pictures in: video files, folders of stills, cameras and network streams.
export {
  type Frame,
  type FrameSource,
  IngestError,
  type IngestErrorCode,
  type LiveOptions,
  type LiveSource,
  openLive,
  openSource,
  type ReconnectOptions,
  redactUrl,
  type SourceEvent,
  type SourceInfo,
  type SourceOptions,
  type SourceWarning,
} from './ingest/index.js';
// The network: model folders and what an encoder can say of two pictures.
export {
  comparePictures,
  cosineSimilarity,
  type Embedding,
  euclideanDistance,
  type LoadOptions,
  loadModel,
  type Model,
  ModelError,
  ModelManifest,
  type Precision,
  parseManifest,
  peakCorrelation,
  type Similarity,
  shippedModels,
} from './model/index.js';
// One stream's loop.
export {
  type Followed,
  type FollowOptions,
  follow,
  type Sink,
  type Start,
  StartNotReachedError,
  type TargetStart,
} from './pipeline/index.js';
// One target, and several on the same frames.
export {
  TargetGroup,
  type TargetGroupSnapshot,
  type TargetState,
  TargetsFailedError,
  Tracker,
  type TrackerOptions,
  type TrackerSnapshot,
  TrackerStateError,
  type TrackResult,
} from './tracker/index.js';
