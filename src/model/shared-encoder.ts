import { InvalidArgumentError } from '../common/index.js';
import type { PictureCrop } from './cutout.js';
import type { Embedding, Engine, EngineDescription, Responded } from './engine.js';
import type { FillCrop } from './request-queue.js';
import { type EncoderLoad, type EncoderStats, Scheduler, type SchedulerOptions } from './scheduler.js';

/**
 * The one way to a loaded model. Requests of all targets of all streams queue; as soon as an engine is free a batch
 * leaves with whatever waits and can share it, oldest first, up to `largestBatch` and half of the latency budget.
 * Nobody waits for a batch to fill. Streams take turns, so that one with many targets does not keep others waiting.
 * Several engines share out what waits. A request whose engine fails is tried again elsewhere before it rejects.
 */
export class SharedEncoder {
  readonly #scheduler: Scheduler;
  readonly #stream: string;

  /** @param searchSize usual side of search crops, in pixels */
  constructor(
    engines: readonly Engine[] | Scheduler,
    searchSize: number,
    largestBatch: number,
    options: SchedulerOptions & { readonly stream?: string } = {},
  ) {
    this.#scheduler =
      engines instanceof Scheduler ? engines : new Scheduler(engines, searchSize, largestBatch, options);
    this.#stream = options.stream ?? '';
  }

  /** The same encoder for requests of one stream: all that this one's `embed` and `respond` ask for is that stream's. */
  forStream(stream: string): SharedEncoder {
    if (typeof stream !== 'string') throw new InvalidArgumentError('stream', 'a string', stream);
    const { searchSize, largestBatch } = this.#scheduler;
    return new SharedEncoder(this.#scheduler, searchSize, largestBatch, { stream });
  }

  get largestBatch(): number {
    return this.#scheduler.largestBatch;
  }

  /** Running totals of all streams. */
  get stats(): EncoderStats {
    return this.#scheduler.stats;
  }

  /** The engines behind it, one entry per batch that can be under way at once. */
  get engines(): readonly EngineDescription[] {
    return this.#scheduler.engines;
  }

  /** Requests that wait for an engine. */
  get waiting(): number {
    return this.#scheduler.waiting;
  }

  /** How busy it is. */
  get load(): EncoderLoad {
    return this.#scheduler.load;
  }

  /** Embeds one crop of `size` x `size`; the result is the caller's to keep. */
  embed(size: number, crop: FillCrop | PictureCrop, stream = this.#stream): Promise<Embedding> {
    return this.#scheduler.submit(size, crop, undefined, stream) as Promise<Embedding>;
  }

  /**
   * Embeds a search region and runs the box head on it with `template`; the result is the caller's to keep.
   * @param size side of the crop: the usual one, or another that the model takes
   */
  respond(
    template: Embedding,
    crop: FillCrop | PictureCrop,
    size = this.#scheduler.searchSize,
  ): Promise<Responded> {
    return this.#scheduler.submit(size, crop, template, this.#stream) as Promise<Responded>;
  }

  /**
   * Back-pressure for live sources: resolves when another frame of the stream would be worked on soon (what waits before it
   * takes no longer than half of the latency budget) and its last one is done; streams are let in first come, first
   * served. A source that awaits this and then takes its newest frame drops frames rather than let them grow old.
   * @throws the signal's reason, or SiamtrackError `MODEL_DISPOSED`
   */
  admit(signal?: AbortSignal, stream = this.#stream): Promise<void> {
    return this.#scheduler.admit(stream, signal);
  }

  /** Forgets what is known of a stream that has ended. */
  leave(stream = this.#stream): void {
    this.#scheduler.leave(stream);
  }

  /** Disposes the engines, for all streams. */
  dispose(): Promise<void> {
    return this.#scheduler.dispose();
  }
}
