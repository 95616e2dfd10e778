export { BatchError, type BatchErrorCode } from './errors.js';
export {
  type BatchEvent,
  type BatchSummary,
  summarise,
  type VideoResult,
  type VideoStatus,
} from './events.js';
export { IdentityCache, type InputIdentity } from './identity.js';
export { type BatchInput, expandInputs } from './inputs.js';
export { BatchJob, jobKey } from './job.js';
export { type MatchedTargets, matchTargets } from './match.js';
export { type LoadModel, ModelPool, type ModelRequest } from './model-pool.js';
export { type BatchSettings, JobPlanner } from './plan.js';
export { interruption, type RunBatchOptions, runBatch } from './run-batch.js';
export { type JobOutcome, type RunJobOptions, runJob } from './run-job.js';
export { writeSummary } from './summary-file.js';
export { BatchTarget } from './target.js';
export { parseTargets, readTargetsFile, TARGET_COLUMNS, type TargetEntry } from './targets-file.js';
