import { stat } from 'node:fs/promises';
import { IngestError, openSource, reverseFrames, type SourceWarning } from '../ingest/index.js';
import type { Model } from '../model/index.js';
import { StartNotReachedError } from '../pipeline/index.js';
import { BatchError } from './errors.js';
import { FrameFollower } from './frame-follower.js';
import type { Gate } from './gate.js';
import type { BatchJob } from './job.js';
import { mergePasses } from './merge-passes.js';
import { PartRecord } from './part-record.js';
import type { Checkpoint, Ending, StateFolder } from './state-folder.js';

export interface TrackVideoOptions {
  readonly job: BatchJob;
  readonly state: StateFolder;
  readonly attempt: number;
  readonly model: Model;
  /** Where the input lies on this machine. */
  readonly path: string;
  /** Ends the work at the next frame boundary, with a checkpoint; its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Decoder threads. */
  readonly decodeThreads?: number;
  /** Name of an ffmpeg `-hwaccel` of this machine. */
  readonly hardware?: string;
  /** Through which the videos of a process go together. */
  readonly gate?: Gate;
  /** Called with each checkpoint; what it throws ends the work. */
  readonly onCheckpoint?: (done: number) => Promise<void>;
  /** Called for each frame. @param total an estimate, where there is one */
  readonly onFrame?: (done: number, total: number | undefined) => void;
  readonly onWarning?: (warning: SourceWarning) => void;
}

/** A whole video's lines, in a part file that is ready to be committed. */
export interface TrackedVideo {
  readonly part: string;
  readonly ending: Ending;
  /** Frames that an attempt of before had done. */
  readonly resumedAt: number;
}

/** Part files and the follower, as they were at a checkpoint or at the beginning. */
interface Begun {
  readonly follower: FrameFollower;
  readonly forwards: PartRecord;
  readonly backwards?: PartRecord;
  readonly from?: Checkpoint;
}

/**
 * Follows all targets of a job through its video, from the furthest good checkpoint on. Frames before the first start are decoded and
 * passed by. What is done with a frame depends on the frames before it alone, so that interruptions leave no trace in the lines.
 *
 * A video that breaks off ends there, and `ending.damage` says why.
 *
 * @throws {StartNotReachedError} where the video ends before a target starts
 */
export async function trackVideo(options: TrackVideoOptions): Promise<TrackedVideo> {
  const { job, state, attempt, signal } = options;
  const begun = await begin(options);
  const { follower, forwards, from } = begun;
  let { backwards } = begun;
  try {
    const ending = from?.ended ?? (await walkForwards(options, follower, forwards));
    const mark = from?.ended ? from.forwards : await forwards.mark();
    const part = state.file(`${attempt}.forwards.jsonl`);
    const resumedAt = from?.done ?? 0;
    if (!job.targets.some((target) => target.backwards)) return { part, ending, resumedAt };
    backwards ??= (await PartRecord.create(state.file(`${attempt}.backwards.jsonl`))) as PartRecord;
    if (!from?.ended) follower.turn();
    const lines = backwards;
    const save = async (checkpoint: Checkpoint) =>
      state.saveCheckpoint({ ...checkpoint, ended: ending, forwards: mark, backwards: await lines.mark() });
    const walk = new Walk(options, follower, lines, save);
    const frames = reverseFrames(options.path, {
      from: follower.next,
      spill: state.file(`${attempt}.spill`),
      bytes: job.reverseBytes,
      source: sourceOptions(options),
    });
    const last = follower.next;
    await walk.through(frames, () => follower.done + follower.next + 1, last >= 0);
    await backwards.mark();
    const merged = state.file(`${attempt}.record.jsonl`);
    await mergePasses(
      part,
      state.file(`${attempt}.backwards.jsonl`),
      merged,
      job.targets.map(({ id }) => id),
    );
    signal?.throwIfAborted();
    return { part: merged, ending, resumedAt };
  } finally {
    await Promise.allSettled([forwards.close(), backwards?.close()]);
  }
}

/** From the furthest checkpoint that is whole, else from the start. */
async function begin({ job, state, attempt, model }: TrackVideoOptions): Promise<Begun> {
  const file = (number: number, pass: 'forwards' | 'backwards') => state.file(`${number}.${pass}.jsonl`);
  for (const from of await state.checkpoints()) {
    const before = { file: file(from.attempt, 'forwards'), mark: from.forwards };
    const forwards = await PartRecord.create(file(attempt, 'forwards'), before);
    if (!forwards) continue;
    let backwards: PartRecord | undefined;
    if (from.backwards) {
      const reversed = { file: file(from.attempt, 'backwards'), mark: from.backwards };
      backwards = await PartRecord.create(file(attempt, 'backwards'), reversed);
      if (!backwards) {
        await forwards.discard();
        continue;
      }
    }
    return { follower: FrameFollower.restore(job, model, from), forwards, backwards, from };
  }
  const forwards = (await PartRecord.create(file(attempt, 'forwards'))) as PartRecord;
  return { follower: new FrameFollower(job, model), forwards };
}

async function walkForwards(
  options: TrackVideoOptions,
  follower: FrameFollower,
  lines: PartRecord,
): Promise<Ending> {
  const { job, path, state, signal, onWarning } = options;
  const source = await openSource(path, {
    ...sourceOptions(options),
    start: follower.next > 0 ? { frame: follower.next } : follower.firstStart,
    onWarning,
  });
  const { info } = source;
  const total =
    info.frameCount ?? (info.duration && info.frameRate && Math.round(info.duration * info.frameRate));
  const back = job.targets.some((target) => target.backwards);
  const save = async (checkpoint: Checkpoint) =>
    state.saveCheckpoint({ ...checkpoint, forwards: await lines.mark() });
  const walk = new Walk(options, follower, lines, save);
  let damage: string | undefined;
  try {
    const estimate = () =>
      total === undefined
        ? undefined
        : follower.done + Math.max(0, total - follower.next) + (back ? follower.reach : 0);
    await walk.through(source, estimate, true);
  } catch (error) {
    damage = await damageOf(error, options);
    if (damage === undefined || follower.done === 0) throw error;
  } finally {
    await source.close();
  }
  signal?.throwIfAborted();
  if (follower.waiting) throw new StartNotReachedError(follower.waiting.start);
  const { width, height, frameRate, duration, codec } = info;
  return { frames: follower.next, damage, source: { width, height, frameRate, duration, codec } };
}

function sourceOptions({ job, signal, decodeThreads, hardware }: TrackVideoOptions) {
  return { fps: job.fps, threads: decodeThreads, hardware, signal };
}

/**
 * What is wrong with the input itself, in words; `undefined` where it was something else that failed, and another attempt may do better:
 * the input has gone or changed, or the decoder was killed.
 */
async function damageOf(error: unknown, { path, job }: TrackVideoOptions): Promise<string | undefined> {
  if (!(error instanceof IngestError) || error.code !== 'DECODE_FAILED') return undefined;
  if (/was ended by SIG/.test(error.message)) return undefined;
  const now = await stat(path).catch(() => null);
  if (!now)
    throw new BatchError('INPUT_CHANGED', `${path}: expected the input to stay, got nothing there`, {
      cause: error,
    });
  if (now.isFile() && now.size !== job.input.size)
    throw new BatchError('INPUT_CHANGED', `${path}: expected ${job.input.size} bytes, got ${now.size}`, {
      cause: error,
    });
  return error.message.replace(`${path}: `, '');
}

/** One way through the frames, with checkpoints. A checkpoint is written while the next frames are followed. */
class Walk {
  readonly #options: TrackVideoOptions;
  readonly #follower: FrameFollower;
  readonly #lines: PartRecord;
  readonly #save: (checkpoint: Checkpoint) => Promise<void>;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    options: TrackVideoOptions,
    follower: FrameFollower,
    lines: PartRecord,
    save: (checkpoint: Checkpoint) => Promise<void>,
  ) {
    this.#options = options;
    this.#follower = follower;
    this.#lines = lines;
    this.#save = save;
  }

  async through(
    frames: AsyncIterable<Parameters<FrameFollower['follow']>[0]>,
    total: () => number | undefined,
    any: boolean,
  ): Promise<void> {
    const { signal, job, onFrame, gate } = this.#options;
    const follower = this.#follower;
    let since = 0;
    const leave = gate?.join();
    // A frame that fails half-way leaves some targets on it and some before it: nothing to go on from.
    let between = true;
    try {
      if (any)
        for await (const frame of frames) {
          try {
            if (signal?.aborted) break;
            await gate?.pass();
            between = false;
            const line = await follower.follow(frame);
            between = true;
            if (line) await this.#lines.write(line);
            onFrame?.(follower.done, total());
            if (++since >= job.checkpointFrames) {
              since = 0;
              await this.#checkpoint();
            }
          } finally {
            if ('release' in frame) frame.release();
          }
        }
      signal?.throwIfAborted();
    } catch (error) {
      // The reason decides whether going on from here is wanted; the frames so far are good in any case.
      if (between) await this.#checkpoint().catch(() => undefined);
      await this.#saving.catch(() => undefined);
      throw signal?.aborted ? signal.reason : error;
    } finally {
      leave?.();
    }
    await this.#saving;
  }

  /** Waits for the checkpoint of before, whose failure is thrown here. */
  async #checkpoint(): Promise<void> {
    await this.#saving;
    const { state, attempt, onCheckpoint } = this.#options;
    const follower = this.#follower;
    const checkpoint = follower.checkpoint(state.key, attempt);
    this.#saving = this.#save(checkpoint).then(() => onCheckpoint?.(checkpoint.done));
    this.#saving.catch(() => undefined);
  }
}
