import { availableParallelism } from 'node:os';
import { SiamtrackError } from '../common/index.js';
import { hidden } from './address.js';
import { BatchError } from './errors.js';
import { type BatchEvent, type BatchSummary, summarise, type VideoResult } from './events.js';
import { Gate } from './gate.js';
import type { BatchInput } from './inputs.js';
import type { ModelPool, ModelRequest } from './model-pool.js';
import { type BatchSettings, JobPlanner, prepareOut } from './plan.js';
import { runJob } from './run-job.js';
import type { BatchTarget } from './target.js';

export interface RunBatchOptions extends BatchSettings {
  readonly inputs: readonly BatchInput[];
  readonly targets: ReadonlyMap<BatchInput, readonly BatchTarget[]>;
  readonly model: ModelRequest;
  readonly models: ModelPool;
  /** Videos worked on at once. Default: one per core. */
  readonly jobs?: number;
  /** Decoder threads of each video. Default: the cores shared out among the jobs. */
  readonly decodeThreads?: number;
  /** Decode with this `-hwaccel` of ffmpeg; software, and a warning, where it fails. */
  readonly hardware?: string;
  readonly onEvent?: (event: BatchEvent) => void;
  /** Stops each video at its next frame with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** An output that has no room or may not be written: no other video will fare better. */
const OUT_OF_ORDER = new Set(['ENOSPC', 'EROFS', 'EDQUOT']);
const PROGRESS_EVERY_MS = 1000;

/**
 * Follows the targets of many videos on this machine. All jobs share the models of the pool. What a video's results are depends on
 * neither the other videos nor on how many run at once.
 *
 * A video that fails is reported and does not stop the others; an output folder that takes no more stops all.
 *
 * @throws {BatchError} `STATE_FAILED` where the output folder cannot be used from the start
 */
export async function runBatch(options: RunBatchOptions): Promise<BatchSummary> {
  const { inputs, onEvent = () => undefined, models } = options;
  const begun = performance.now();
  const cores = availableParallelism();
  const jobs = Math.min(options.jobs ?? cores, Math.max(1, inputs.length));
  await prepareOut(options.out);
  const model = await models.pin(options.model, options.out);
  const planner = await JobPlanner.open(options, model, options.targets);
  onEvent({ type: 'batch', videos: inputs.length, precision: model.precision, out: options.out });
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const decodeThreads = options.decodeThreads ?? Math.max(1, Math.ceil(cores / jobs));
  const results: VideoResult[] = new Array(inputs.length);
  const gate = new Gate();
  let next = 0;
  const runner = async () => {
    for (let k = next++; k < inputs.length; k = next++) {
      const result = await one(inputs[k], planner, { ...options, signal, decodeThreads, gate, onEvent });
      results[k] = result.video;
      onEvent({ type: 'video', ...result.video });
      if (outOfOrder(result.cause)) stop.abort(result.cause);
    }
  };
  await Promise.all(Array.from({ length: jobs }, runner));
  return summarise(results, (performance.now() - begun) / 1000);
}

async function one(
  input: BatchInput,
  planner: JobPlanner,
  options: RunBatchOptions & Required<Pick<RunBatchOptions, 'onEvent' | 'signal'>> & { readonly gate: Gate },
): Promise<{ readonly video: VideoResult; readonly cause?: unknown }> {
  const { name } = input;
  const location = hidden(input.location);
  const { signal, onEvent, models, decodeThreads, hardware, gate } = options;
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  let first: number | undefined;
  let latest = 0;
  let told = 0;
  try {
    signal.throwIfAborted();
    const job = await planner.job(input, signal);
    const { status, frames, followed, damage } = await runJob(job, {
      signal,
      decodeThreads,
      hardware,
      gate,
      model: (wanted) => models.get(wanted),
      onFrame: (done, total) => {
        latest = done;
        if (first === undefined) {
          first = done - 1;
          onEvent({ type: 'started', name, done: first, total });
        }
        if (performance.now() - told < PROGRESS_EVERY_MS / 4) return;
        told = performance.now();
        onEvent({ type: 'progress', name, done, total });
      },
      onWarning: ({ frame, message }) =>
        onEvent({ type: 'warning', name, message: `near frame ${frame}: ${message}` }),
    });
    const error = damage === undefined ? undefined : { code: 'DECODE_FAILED', message: damage };
    return { video: { name, location, status, frames, followed, seconds: seconds(), error } };
  } catch (cause) {
    const status = signal.aborted && cause === signal.reason ? 'interrupted' : 'failed';
    const followed = first === undefined ? 0 : latest - first;
    const video = { name, location, status, frames: latest, followed, seconds: seconds() } as const;
    return status === 'interrupted' ? { video } : { video: { ...video, error: toldError(cause) }, cause };
  }
}

/** An error as summaries tell it. */
function toldError(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof SiamtrackError) return { code: error.code, message: error.message };
  return {
    code: 'UNEXPECTED',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function outOfOrder(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 6; at = at.cause, depth++)
    if (OUT_OF_ORDER.has((at as NodeJS.ErrnoException).code ?? '')) return true;
  return false;
}

/** The reason of a signal that stops a batch in good order. */
export function interruption(): BatchError {
  return new BatchError('INTERRUPTED', 'stopped as asked; running the same again goes on from here');
}
