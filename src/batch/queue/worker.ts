import { hostname } from 'node:os';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { SiamtrackError } from '../../common/index.js';
import { BatchError } from '../errors.js';
import { Gate } from '../gate.js';
import { BatchJob } from '../job.js';
import type { ModelPool } from '../model-pool.js';
import { type JobOutcome, runJob } from '../run-job.js';
import { BATCH, failureText, type JobProgress } from './batch-queue.js';
import { connectRedis, type QueuePlace } from './connection.js';
import { leaseSettings } from './lease-settings.js';

export interface WorkerOptions extends QueuePlace {
  readonly models: ModelPool;
  /** Videos worked on at once. Default 1. */
  readonly jobs?: number;
  /**
   * Seconds after which a worker that is silent counts as dead. It renews its leases three times as often; another worker takes over after
   * this at the earliest and one and a half times this at the latest. Default 10.
   */
  readonly lease?: number;
  /** Starts of a job without any progress until it becomes a dead letter. Default 5. */
  readonly retries?: number;
  /** Ends after that many seconds without work. Default: never. */
  readonly idle?: number;
  readonly decodeThreads?: number;
  /** Decode with this `-hwaccel` of ffmpeg; software, and a warning, where it fails. */
  readonly hardware?: string;
  readonly onEvent?: (event: WorkerEvent) => void;
  /** Drains: no new jobs, running ones stop at their next frame with a checkpoint and go back to the queue. */
  readonly signal?: AbortSignal;
}

/** What happens at a worker. */
export type WorkerEvent =
  | { readonly type: 'ready'; readonly worker: string }
  | { readonly type: 'taken'; readonly name: string; readonly start: number }
  | {
      readonly type: 'ended';
      readonly name: string;
      readonly status: string;
      readonly frames: number;
      readonly seconds: number;
    }
  | { readonly type: 'returned'; readonly name: string }
  | { readonly type: 'warning'; readonly name: string; readonly message: string }
  | { readonly type: 'problem'; readonly name?: string; readonly message: string };

/** What another attempt will not mend: the job or its input is wrong. */
const PERMANENT = new Set([
  'INVALID_ARGUMENT',
  'NOT_A_VIDEO',
  'EMPTY_FOLDER',
  'SOURCE_UNSUPPORTED',
  'START_NOT_REACHED',
  'TARGETS_INVALID',
  'GAVE_UP',
]);
const PROGRESS_EVERY_MS = 1000;
/** How long a checkpoint waits for Redis: work goes on without it, and ends with it. */
const LEASE_PATIENCE_MS = 2000;

/**
 * Works on the jobs of a queue until the signal ends it (or it has been idle for long enough). The lease is BullMQ's lock of an active
 * job, which only its token's holder can renew. It is checked at each checkpoint, and before results are committed, so that a worker that
 * was away for longer than its lease gives up; see `StateFolder` for what keeps two from harming each other until then.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { jobs = 1, lease = 10, queue, signal, idle, onEvent = () => undefined } = options;
  const connection = await connectRedis(options.redis);
  const name = `${hostname()}:${process.pid}`;
  const running = new AbortController();
  const gate = new Gate();
  const take = (job: Job<BatchJob, JobOutcome>, token?: string) =>
    work(job, token as string, name, { ...options, lease, onEvent, gate }, running.signal);
  const worker = new Worker<BatchJob, JobOutcome>(BATCH, take, {
    connection,
    prefix: queue,
    name,
    concurrency: jobs,
    ...leaseSettings(lease),
  });
  worker.on('error', (error) => onEvent({ type: 'problem', message: error.message }));
  await worker.waitUntilReady();
  onEvent({ type: 'ready', worker: name });
  const run = worker.run().catch((error: Error) => onEvent({ type: 'problem', message: error.message }));
  await until(worker, { signal, idle });
  // First no new jobs, then the running ones: one that is handed back must not come in again here.
  const closing = worker.close();
  running.abort(new BatchError('INTERRUPTED', 'the worker is stopping'));
  await closing;
  await run;
  connection.disconnect();
}

/** Until the signal, or until there has been nothing to do for `idle` seconds. */
function until(
  worker: Worker<BatchJob, JobOutcome>,
  { signal, idle }: Pick<WorkerOptions, 'signal' | 'idle'>,
): Promise<void> {
  return new Promise((resolve) => {
    let active = 0;
    let timer: NodeJS.Timeout | undefined;
    const rest = () => {
      clearTimeout(timer);
      if (idle !== undefined && active === 0) timer = setTimeout(end, idle * 1000);
    };
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    worker.on('active', () => {
      active++;
      rest();
    });
    for (const over of ['completed', 'failed'] as const)
      worker.on(over, () => {
        active = Math.max(0, active - 1);
        rest();
      });
    if (signal?.aborted) return end();
    signal?.addEventListener('abort', end, { once: true });
    rest();
  });
}

async function work(
  queued: Job<BatchJob, JobOutcome>,
  token: string,
  worker: string,
  {
    models,
    lease,
    retries = 5,
    decodeThreads,
    hardware,
    gate,
    onEvent,
  }: WorkerOptions & Required<Pick<WorkerOptions, 'lease' | 'onEvent'>> & { readonly gate: Gate },
  signal: AbortSignal,
): Promise<JobOutcome> {
  const begun = performance.now();
  const parsed = BatchJob.safeParse(queued.data);
  if (!parsed.success)
    throw new UnrecoverableError(`INVALID_ARGUMENT: job ${queued.id}: ${parsed.error.issues[0]?.message}`);
  const job = parsed.data;
  const start = queued.attemptsStarted;
  const before = queued.progress as Partial<JobProgress>;
  onEvent({ type: 'taken', name: job.name, start });
  let starts = before?.starts ?? 0;
  let told = 0;
  let frames = 0;
  const tell = (done: number, total?: number) => {
    frames = done;
    if (performance.now() - told < PROGRESS_EVERY_MS) return;
    told = performance.now();
    const progress: JobProgress = { done, total, worker, starts };
    // A Redis that is away makes nobody wait: the next one will tell.
    queued.updateProgress({ ...progress }).catch(() => undefined);
  };
  const held = () => queued.extendLock(token, lease * 1000);
  try {
    if (start - starts > retries)
      throw new BatchError(
        'GAVE_UP',
        `${job.name}: started ${start - starts} times without getting further; the last one may have run out of memory or been killed`,
      );
    const outcome = await runJob(job, {
      signal,
      decodeThreads,
      hardware,
      gate,
      model: (wanted) => models.get(wanted),
      onFrame: tell,
      onWarning: ({ frame, message }) =>
        onEvent({ type: 'warning', name: job.name, message: `near frame ${frame}: ${message}` }),
      onCheckpoint: async () => {
        starts = start;
        await whileThere(held(), job.name);
      },
      beforeCommit: async () => mustHold(await held(), job.name),
    });
    onEvent({
      type: 'ended',
      name: job.name,
      status: outcome.status,
      frames: outcome.frames,
      seconds: (performance.now() - begun) / 1000,
    });
    return outcome;
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      onEvent({ type: 'returned', name: job.name });
      await queued.updateProgress({ done: frames, worker, starts: start });
      await queued.moveToWait(token);
      throw new WaitingError();
    }
    const text =
      error instanceof SiamtrackError
        ? failureText(error)
        : `UNEXPECTED: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
    onEvent({ type: 'problem', name: job.name, message: text });
    if (error instanceof SiamtrackError && PERMANENT.has(error.code)) throw new UnrecoverableError(text);
    throw new Error(text, { cause: error });
  }
}

/** Checks a lease where Redis answers soon enough. */
async function whileThere(held: Promise<number>, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LEASE_PATIENCE_MS);
  });
  try {
    const answer = await Promise.race([held.catch(() => undefined), late]);
    if (answer !== undefined) mustHold(answer, name);
  } finally {
    clearTimeout(timer);
  }
}

function mustHold(held: number, name: string): void {
  if (held !== 1)
    throw new BatchError('LEASE_LOST', `${name}: expected to hold its lease, got another worker's or none`);
}
