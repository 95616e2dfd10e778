import { stat } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import type { SourceWarning } from '../ingest/index.js';
import { type Model, modelForStream } from '../model/index.js';
import { downloaded } from './download.js';
import { BatchError } from './errors.js';
import type { Gate } from './gate.js';
import { type BatchJob, jobKey } from './job.js';
import { allOutputsThere, publishRecord, recordFile, writeOutputs } from './outputs.js';
import { type Done, type Ending, StateFolder } from './state-folder.js';
import { trackVideo } from './track-video.js';

export interface RunJobOptions {
  /** Loads the model where it is needed: a finished video needs none. */
  readonly model: (job: BatchJob) => Promise<Model>;
  readonly signal?: AbortSignal;
  readonly decodeThreads?: number;
  /** Name of an ffmpeg `-hwaccel` of this machine; software where it fails. */
  readonly hardware?: string;
  /** Shared by all jobs of this process. */
  readonly gate?: Gate;
  /** Called with each checkpoint; what it throws ends the work. */
  readonly onCheckpoint?: (done: number) => Promise<void>;
  /** Called before the record is committed; throws where this process has no right to. */
  readonly beforeCommit?: () => Promise<void>;
  readonly onFrame?: (done: number, total: number | undefined) => void;
  readonly onWarning?: (warning: SourceWarning) => void;
}

/** How a job ended well. */
export interface JobOutcome {
  readonly status: 'done' | 'skipped' | 'damaged';
  readonly frames: number;
  /** Frames followed by this call. */
  readonly followed: number;
  readonly damage?: string;
}

/**
 * Does one job from wherever it stands: not begun, half done, followed but without all outputs, done. May run on several machines at
 * once by mistake; then one record is kept and every output is made from that one.
 */
export async function runJob(job: BatchJob, options: RunJobOptions): Promise<JobOutcome> {
  const state = new StateFolder(job.out, jobKey(job));
  try {
    return await run(job, state, options);
  } catch (error) {
    // Another process may have finished the job meanwhile, and cleared away what this one was at.
    const finished = options.signal?.aborted ? undefined : await finishedBefore(job, state);
    if (finished) return outcome('skipped', finished.ending, 0);
    throw error;
  }
}

/** How a job ended whose outputs are all in place; `undefined` where something is left to do. */
export async function finishedOutcome(job: BatchJob): Promise<JobOutcome | undefined> {
  const done = await finishedBefore(job, new StateFolder(job.out, jobKey(job)));
  return done && (await allOutputsThere(job)) ? outcome('skipped', done.ending, 0) : undefined;
}

async function run(job: BatchJob, state: StateFolder, options: RunJobOptions): Promise<JobOutcome> {
  const { signal, beforeCommit } = options;
  let path: Promise<string> | undefined;
  const input = () => {
    path ??= localPath(job, state, signal);
    return path;
  };
  const done = await finishedBefore(job, state);
  if (done) {
    await writeOutputs(job, done.ending, { all: false, path: input, signal });
    await state.clean();
    return outcome('skipped', done.ending, 0);
  }
  if (await state.done()) await state.reopen();
  let record = await state.record();
  let followed = 0;
  if (!record) {
    const attempt = await state.begin();
    const local = await input();
    let latest = 0;
    const onFrame: RunJobOptions['onFrame'] = (count, total) => {
      latest = count;
      options.onFrame?.(count, total);
    };
    // Videos take turns at the shared encoder.
    const model = modelForStream(await options.model(job), job.name);
    const tracked = await trackVideo({ ...options, job, state, attempt, path: local, model, onFrame });
    followed = Math.max(0, latest - tracked.resumedAt);
    await unchanged(job, local);
    await beforeCommit?.();
    await state.commit(tracked.part, tracked.ending);
    record = await state.record();
    if (!record)
      throw new BatchError('STATE_FAILED', `${state.path}: expected the record just made, got none`);
  }
  const { ending, file } = record;
  await publishRecord(job, file);
  await writeOutputs(job, ending, { all: true, path: input, signal });
  const { size } = await stat(recordFile(job));
  const { name: model, digest, precision, engine } = job.model;
  const made = {
    version: job.version,
    model,
    digest,
    precision,
    engine,
    processor: cpus()[0]?.model ?? arch(),
  };
  await state.finish({ format: 1, key: state.key, name: job.name, ending, made, bytes: size });
  return outcome('done', ending, followed);
}

/** What is known of a job whose record is in its place. */
async function finishedBefore(job: BatchJob, state: StateFolder): Promise<Done | undefined> {
  const done = await state.done();
  return done && (await state.holds(recordFile(job), done.bytes)) ? done : undefined;
}

function outcome(status: 'done' | 'skipped', { frames, damage }: Ending, followed: number): JobOutcome {
  return { status: damage === undefined ? status : 'damaged', frames, followed, damage };
}

async function localPath(job: BatchJob, state: StateFolder, signal?: AbortSignal): Promise<string> {
  const { kind, location } = job.input;
  if (kind === 'url') return downloaded(job, state, signal);
  await unchanged(job, location);
  return location;
}

/** @throws {BatchError} `INPUT_CHANGED` where the input has gone or has another length */
async function unchanged({ input }: BatchJob, path: string): Promise<void> {
  const now = await stat(path).catch((cause) => {
    throw new BatchError(
      'INPUT_CHANGED',
      `${path}: expected the input there, got ${(cause as Error).message}`,
      { cause },
    );
  });
  if (input.kind === 'video' && now.size !== input.size)
    throw new BatchError('INPUT_CHANGED', `${path}: expected ${input.size} bytes, got ${now.size}`);
}
