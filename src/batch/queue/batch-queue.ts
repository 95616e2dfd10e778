import { createHash } from 'node:crypto';
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type BatchJob, jobKey } from '../job.js';
import type { JobOutcome } from '../run-job.js';

/** BullMQ's name of the queue of recorded videos; `queue` of QueuePlace is the prefix of its keys. */
export const BATCH = 'batch';

/** What a job tells of itself while it runs. */
export interface JobProgress {
  /** Frames followed. */
  readonly done: number;
  readonly total?: number;
  readonly worker: string;
  /** How often the job had been started when it last got further: starts beyond that brought nothing. */
  readonly starts: number;
}

export type BatchQueue = Queue<BatchJob, JobOutcome, string>;

export function openBatchQueue(connection: Redis, prefix: string): BatchQueue {
  const queue: BatchQueue = new Queue(BATCH, { connection, prefix });
  // A Redis that is away is waited for; what cannot be done is thrown by the call that asked for it.
  queue.on('error', () => undefined);
  return queue;
}

/** A job's name in the queue: the same work into the same folder is one job, however often it is asked for. */
export function queueId(job: BatchJob): string {
  const outputs = createHash('sha256')
    .update(JSON.stringify([job.out, job.formats, job.video]))
    .digest('hex');
  return `${jobKey(job)}-${outputs.slice(0, 8)}`;
}

/** @param retries failed attempts until the job is a dead letter */
export function jobOptions(job: BatchJob, retries: number): JobsOptions {
  return {
    jobId: queueId(job),
    attempts: retries,
    backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
    // Outputs are what lasts; in Redis a finished job is kept for whoever watches.
    removeOnComplete: { age: 24 * 3600, count: 10_000 },
    removeOnFail: false,
  };
}

const CODED = /^([A-Z][A-Z_]+): ([\s\S]*)$/;

/** The words that a failed job carries through Redis, and back. */
export function failureText({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${code}: ${message}`;
}
export function parseFailure(text: string): { readonly code: string; readonly message: string } {
  const match = CODED.exec(text);
  return match ? { code: match[1], message: match[2] } : { code: 'UNEXPECTED', message: text };
}
