import { type Job, QueueEvents } from 'bullmq';
import { SiamtrackError } from '../../common/index.js';
import { hidden } from '../address.js';
import { type BatchEvent, type BatchSummary, summarise, type VideoResult } from '../events.js';
import type { BatchInput } from '../inputs.js';
import type { BatchJob } from '../job.js';
import { JobPlanner, prepareOut } from '../plan.js';
import type { RunBatchOptions } from '../run-batch.js';
import { finishedOutcome, type JobOutcome } from '../run-job.js';
import {
  BATCH,
  type BatchQueue,
  type JobProgress,
  jobOptions,
  openBatchQueue,
  parseFailure,
  queueId,
} from './batch-queue.js';
import { connectRedis, type QueuePlace } from './connection.js';

export interface RemoteBatchOptions
  extends Omit<RunBatchOptions, 'jobs' | 'decodeThreads' | 'hardware'>,
    QueuePlace {
  /** Failed attempts until a job is given up. */
  readonly retries: number;
  /** Most jobs enqueued and not finished: what bounds Redis's memory, however many inputs there are. */
  readonly window: number;
}

const LOOK_EVERY_MS = 1000;
/** Every so many looks each job's state is asked for, in case an event went by unseen or Redis lost its latest second. */
const RECONCILE_EVERY = 5;

interface Watched {
  readonly input: BatchInput;
  readonly job: BatchJob;
  readonly since: number;
  first?: number;
  latest: number;
}

/**
 * Enqueues a batch for workers, and watches until each video has ended. What is finished already is not enqueued; what is enqueued already
 * is watched; what failed before is tried again. Ending the watch leaves the jobs where they are.
 *
 * @throws {BatchError} `REDIS_FAILED`, `STATE_FAILED`
 */
export async function runRemoteBatch(options: RemoteBatchOptions): Promise<BatchSummary> {
  const connection = await connectRedis(options.redis);
  const queue = openBatchQueue(connection, options.queue);
  const events = new QueueEvents(BATCH, { connection: connection.duplicate(), prefix: options.queue });
  events.on('error', () => undefined);
  try {
    return await new RemoteBatch(options, queue, events).run();
  } finally {
    await Promise.allSettled([events.close(), queue.close()]);
    connection.disconnect();
  }
}

class RemoteBatch {
  readonly #options: RemoteBatchOptions;
  readonly #queue: BatchQueue;
  readonly #events: QueueEvents;
  readonly #watched = new Map<string, Watched>();
  readonly #results = new Map<BatchInput, VideoResult>();
  #wake: () => void = () => undefined;

  constructor(options: RemoteBatchOptions, queue: BatchQueue, events: QueueEvents) {
    this.#options = options;
    this.#queue = queue;
    this.#events = events;
  }

  async run(): Promise<BatchSummary> {
    const { inputs, signal, out, window, models, model: request } = this.#options;
    const begun = performance.now();
    await prepareOut(out);
    const model = await models.pin(request, out);
    const planner = await JobPlanner.open(this.#options, model, this.#options.targets);
    this.#event({ type: 'batch', videos: inputs.length, precision: model.precision, out });
    const ended = ({ jobId }: { jobId: string }) => void this.#settle(jobId).catch(() => undefined);
    this.#events.on('completed', ended).on('failed', ended);
    let next = 0;
    for (let look = 0; next < inputs.length || this.#watched.size > 0; look++) {
      while (next < inputs.length && this.#watched.size < window && !signal?.aborted)
        await this.#begin(inputs[next++], planner);
      if (signal?.aborted) break;
      if (this.#watched.size === 0) continue;
      await this.#pause();
      await this.#look();
      if (look % RECONCILE_EVERY === RECONCILE_EVERY - 1)
        for (const id of [...this.#watched.keys()]) await this.#settle(id);
    }
    const results = inputs.map((input) => this.#results.get(input) ?? this.#stopped(input));
    return summarise(results, (performance.now() - begun) / 1000);
  }

  /** Enqueues one input, unless nothing is left to do or it is in the queue. */
  async #begin(input: BatchInput, planner: JobPlanner): Promise<void> {
    const { retries, signal } = this.#options;
    const since = performance.now();
    try {
      const job = await planner.job(input, signal);
      const finished = await finishedOutcome(job);
      if (finished) return this.#end({ input, job, since, latest: finished.frames }, finished);
      const id = queueId(job);
      const known = await this.#queue.getJob(id);
      const state = known && (await known.getState());
      if (known && (state === 'completed' || state === 'failed')) await known.remove();
      this.#watched.set(id, { input, job, since, latest: 0 });
      await this.#queue.add(job.name, job, jobOptions(job, retries));
    } catch (error) {
      if (signal?.aborted) return;
      const said = error instanceof SiamtrackError ? error : { code: 'UNEXPECTED', message: String(error) };
      this.#result(input, {
        status: 'failed',
        frames: 0,
        followed: 0,
        seconds: 0,
        error: { code: said.code, message: said.message },
      });
    }
  }

  /** How far the running ones are. */
  async #look(): Promise<void> {
    for (const queued of await this.#queue.getActive(0, this.#watched.size + 100)) {
      const watched = this.#watched.get(queued?.id ?? '');
      const { done, total } = (queued?.progress ?? {}) as Partial<JobProgress>;
      if (!watched || done === undefined) continue;
      const { name } = watched.input;
      if (watched.first === undefined) {
        watched.first = done;
        this.#event({ type: 'started', name, done, total });
      }
      watched.latest = done;
      this.#event({ type: 'progress', name, done, total });
    }
  }

  /** Ends the watch of a job that has ended; a job that Redis does not know (any more) is enqueued again, unless it is done. */
  async #settle(id: string): Promise<void> {
    const watched = this.#watched.get(id);
    if (!watched) return;
    const { job } = watched;
    const queued: Job<BatchJob, JobOutcome> | undefined = await this.#queue.getJob(id);
    const state = queued ? await queued.getState() : 'unknown';
    if (!this.#watched.has(id)) return;
    if (queued && state === 'completed') this.#end(watched, queued.returnvalue, id, secondsOf(queued));
    else if (queued && state === 'failed') {
      this.#watched.delete(id);
      const { input, latest, first = latest, since } = watched;
      const seconds = secondsOf(queued) ?? (performance.now() - since) / 1000;
      const error = parseFailure(queued.failedReason ?? 'UNEXPECTED: no reason');
      this.#result(input, { status: 'failed', frames: latest, followed: latest - first, seconds, error });
    } else if (state === 'unknown') {
      const finished = await finishedOutcome(job);
      if (finished) this.#end(watched, finished, id);
      else await this.#queue.add(job.name, job, jobOptions(job, this.#options.retries));
    }
  }

  #end(watched: Watched, { status, frames, followed, damage }: JobOutcome, id?: string, took?: number): void {
    if (id !== undefined) this.#watched.delete(id);
    const seconds = took ?? (performance.now() - watched.since) / 1000;
    const error = damage === undefined ? undefined : { code: 'DECODE_FAILED', message: damage };
    this.#result(watched.input, { status, frames, followed, seconds, error });
  }

  #stopped(input: BatchInput): VideoResult {
    const { name, location } = input;
    return { name, location: hidden(location), status: 'interrupted', frames: 0, followed: 0, seconds: 0 };
  }

  #result(input: BatchInput, result: Omit<VideoResult, 'name' | 'location'>): void {
    const video = { name: input.name, location: hidden(input.location), ...result };
    this.#results.set(input, video);
    this.#event({ type: 'video', ...video });
    this.#wake();
  }

  #event(event: BatchEvent): void {
    this.#options.onEvent?.(event);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#options;
      const timer = setTimeout(() => this.#wake(), LOOK_EVERY_MS);
      this.#wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', this.#wake);
        this.#wake = () => undefined;
        resolve();
      };
      signal?.addEventListener('abort', this.#wake, { once: true });
    });
  }
}

/** How long a job's last start took. */
function secondsOf({ processedOn, finishedOn }: Job): number | undefined {
  return processedOn && finishedOn ? (finishedOn - processedOn) / 1000 : undefined;
}
