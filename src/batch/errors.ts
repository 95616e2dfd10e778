import { SiamtrackError } from '../common/index.js';

/**
 * What can go wrong with recorded footage by the folder. Stable across releases.
 *
 * - `TARGETS_INVALID`: the targets file is not what it should be; the message names each line.
 * - `NO_INPUTS`: nothing to work on was found.
 * - `NO_TARGETS`: the targets file says nothing of a video.
 * - `NAME_TAKEN`: two inputs would write the same outputs.
 * - `INPUT_CHANGED`: an input is not (any more) what it was when it was looked at, or has gone.
 * - `MODEL_MISMATCH`: a worker's model is not the one that the job was made for.
 * - `STATE_FAILED`: checkpoints cannot be written or read.
 * - `LEASE_LOST`: another worker has taken the job over.
 * - `INTERRUPTED`: the work was asked to stop; it can go on later.
 * - `GAVE_UP`: a job was started too often without getting anywhere.
 * - `REDIS_FAILED`: Redis cannot be reached, or is not what is needed.
 */
export type BatchErrorCode =
  | 'TARGETS_INVALID'
  | 'NO_INPUTS'
  | 'NO_TARGETS'
  | 'NAME_TAKEN'
  | 'INPUT_CHANGED'
  | 'MODEL_MISMATCH'
  | 'STATE_FAILED'
  | 'LEASE_LOST'
  | 'INTERRUPTED'
  | 'GAVE_UP'
  | 'REDIS_FAILED';

/** Thrown by everything in this folder; see {@link BatchErrorCode}. */
export class BatchError extends SiamtrackError {
  declare readonly code: BatchErrorCode;

  constructor(code: BatchErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
