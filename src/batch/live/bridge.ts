import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { InvalidArgumentError } from '../../common/index.js';
import type { BoxMessage } from '../../formats/index.js';
import { redactUrl } from '../../ingest/index.js';
import { connectRedis, type QueuePlace } from '../queue/connection.js';
import { LiveCommand } from './holder.js';
import { channels, LIVE, LiveJob, Published } from './lease.js';

/** A stream that workers are to hold. */
export interface WorkerStream {
  readonly stream: string;
  /** Where it is read from, without its password. */
  readonly source: string;
  /** Whether a worker holds it. */
  readonly held: boolean;
}

export type BoxListener = (message: BoxMessage) => void;

/**
 * Live streams that workers hold, as seen from anywhere else: what any server needs to pass their boxes on, and what adds and removes them.
 *
 * @example
 * const bridge = await LiveBridge.open({ redis: 'redis://queue.example', queue: 'siamtrack' });
 * const stop = await bridge.subscribe('gate', (message) => console.log(message.targets));
 */
export class LiveBridge {
  readonly #redis: Redis;
  readonly #listening: Redis;
  readonly #queue: Queue<LiveJob, void, string>;
  readonly #prefix: string;
  readonly #listeners = new Map<
    string,
    { readonly stream: string; epoch: number; readonly all: Set<BoxListener> }
  >();

  private constructor(redis: Redis, listening: Redis, prefix: string) {
    this.#redis = redis;
    this.#listening = listening;
    this.#prefix = prefix;
    this.#queue = new Queue(LIVE, { connection: redis, prefix });
    this.#queue.on('error', () => undefined);
    listening.on('message', (channel: string, text: string) => this.#onMessage(channel, text));
  }

  /** @throws {BatchError} `REDIS_FAILED` */
  static async open({ redis, queue }: QueuePlace): Promise<LiveBridge> {
    return new LiveBridge(await connectRedis(redis), await connectRedis(redis), queue);
  }

  /** Leaves a stream to the workers; one of the same name goes on as it is. */
  async add(stream: Omit<z.input<typeof LiveJob>, 'format'>): Promise<void> {
    const parsed = LiveJob.safeParse({ format: 1, ...stream });
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0];
      throw new InvalidArgumentError(path.join('.'), message.replace(/^expected /, ''), stream.stream);
    }
    const id = idOf(stream.stream);
    const known = await this.#queue.getJob(id);
    // One that has ended, or was given up, begins anew.
    if (known && ['completed', 'failed'].includes(await known.getState())) await known.remove();
    // A source that fails for good is tried again for as long as the stream is wanted.
    const backoff = { type: 'fixed', delay: 5000, jitter: 0.5 };
    await this.#queue.add(stream.stream, parsed.data, {
      jobId: id,
      attempts: Number.MAX_SAFE_INTEGER,
      backoff,
      removeOnComplete: true,
    });
  }

  /** Takes a stream from its holder, who notices with the next frame; false where there was none. */
  async remove(stream: string): Promise<boolean> {
    const id = idOf(stream);
    const known = await this.#queue.getJob(id);
    if (!known) return false;
    await this.#redis.del(`${this.#prefix}:${LIVE}:${id}:lock`, channels.state(this.#prefix, stream));
    await known.remove();
    return true;
  }

  /** The streams that there are, and whether somebody holds each. */
  async streams(): Promise<WorkerStream[]> {
    const [active, others] = await Promise.all([
      this.#queue.getJobs(['active']),
      this.#queue.getJobs(['waiting', 'delayed', 'prioritized']),
    ]);
    const found = new Map<string, WorkerStream>();
    // One that moves between the two questions is in both answers; BullMQ tells of one that has just gone as of nothing.
    for (const [jobs, held] of [[others, false] as const, [active, true] as const])
      for (const job of jobs) {
        if (!job) continue;
        const { stream, source } = job.data;
        found.set(stream, { stream, source: redactUrl(source), held });
      }
    return [...found.values()];
  }

  /** Adds or removes a target; the holder does so with the next frame. False where nobody holds the stream just now. */
  async command(stream: string, command: LiveCommand): Promise<boolean> {
    const text = JSON.stringify(LiveCommand.parse(command));
    return (await this.#redis.publish(channels.commands(this.#prefix, stream), text)) > 0;
  }

  /**
   * Calls the listener with each box message of a stream, whoever holds it and from whenever somebody does. Messages that come while Redis
   * is away are gone: the next one is newer.
   *
   * @returns what ends it
   */
  async subscribe(stream: string, listener: BoxListener): Promise<() => Promise<void>> {
    const channel = channels.boxes(this.#prefix, stream);
    const entry = this.#listeners.get(channel) ?? { stream, epoch: 0, all: new Set() };
    this.#listeners.set(channel, entry);
    entry.all.add(listener);
    await this.#listening.subscribe(channel);
    return async () => {
      entry.all.delete(listener);
      if (entry.all.size > 0) return;
      this.#listeners.delete(channel);
      await this.#listening.unsubscribe(channel);
    };
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#redis.disconnect();
    this.#listening.disconnect();
  }

  #onMessage(channel: string, text: string): void {
    const entry = this.#listeners.get(channel);
    if (!entry) return;
    let published: Published;
    try {
      published = Published.parse(JSON.parse(text));
    } catch {
      return;
    }
    if (published.epoch < entry.epoch) return;
    entry.epoch = published.epoch;
    for (const listener of entry.all) listener(published.message);
  }
}

/** BullMQ takes no id that is a number. */
function idOf(stream: string): string {
  return `stream-${stream}`;
}
