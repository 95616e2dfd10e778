import type { Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { BoxMessage } from '../../formats/index.js';
import { StreamName } from '../../stream/index.js';
import { type TargetGroupSnapshot, TrackingConfig } from '../../tracker/index.js';
import { BatchError } from '../errors.js';

/** BullMQ's name of the queue of live streams. */
export const LIVE = 'live';

/** A live stream that some worker is to hold. */
export const LiveJob = z.strictObject({
  format: z.literal(1),
  stream: StreamName,
  /** As for `openLive`; may hold a password, which Redis then keeps. */
  source: z.string().min(1),
  model: z.strictObject({
    name: z.string(),
    weights: z.string().optional(),
    precision: z.enum(['auto', 'float32', 'int8']),
  }),
  /** How the targets are followed. */
  tracking: TrackingConfig.prefault({}),
  /** Targets to begin with, on the first frame. */
  targets: z.array(
    z.strictObject({
      id: z.string().min(1),
      label: z.string().optional(),
      box: z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()]),
    }),
  ),
});
export type LiveJob = z.infer<typeof LiveJob>;

/** What goes over the wire for each frame. */
export const Published = z.object({
  /** Rises with each change of holder: what an older one said is passed over. */
  epoch: z.int().min(1),
  message: BoxMessage,
});
export type Published = z.infer<typeof Published>;

/** What the next holder goes on from. */
export interface LiveState {
  readonly index: number;
  readonly pts: number;
  /** Milliseconds since the epoch. */
  readonly wall: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly snapshot: TargetGroupSnapshot;
}

/** Where Redis keeps what belongs to a stream. */
export const channels = {
  boxes: (prefix: string, stream: string) => `${prefix}:stream:${stream}:boxes`,
  commands: (prefix: string, stream: string) => `${prefix}:stream:${stream}:commands`,
  state: (prefix: string, stream: string) => `${prefix}:stream:${stream}:state`,
  epoch: (prefix: string, stream: string) => `${prefix}:stream:${stream}:epoch`,
};

// Checking and acting are one step in Redis: there is no moment in between at which the lease could move.
const PUBLISH = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('publish', KEYS[2], ARGV[2]) return 1 end return 0`;
const KEEP = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('set', KEYS[2], ARGV[2], 'EX', ARGV[3]) return 1 end return 0`;
const STATE_KEPT_S = 24 * 3600;

/**
 * The right to speak for a live stream: the lock of an active BullMQ job, which BullMQ renews while its worker lives and lets go to another
 * when it does not. Everything said is said by a script that looks at the lock first, so a holder that was away for too long and comes
 * back says nothing.
 */
export class LiveLease {
  readonly stream: string;
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #lock: string;
  readonly #token: string;
  readonly #epoch: number;

  private constructor(redis: Redis, prefix: string, job: Job<LiveJob>, token: string, epoch: number) {
    this.stream = job.data.stream;
    this.#redis = redis;
    this.#prefix = prefix;
    this.#lock = `${prefix}:${LIVE}:${job.id}:lock`;
    this.#token = token;
    this.#epoch = epoch;
  }

  /** The lease that comes with an active job and its token. */
  static async of(redis: Redis, prefix: string, job: Job<LiveJob>, token: string): Promise<LiveLease> {
    const epoch = await redis.incr(channels.epoch(prefix, job.data.stream));
    return new LiveLease(redis, prefix, job, token, epoch);
  }

  /** Tells whoever listens where the targets are. @throws {BatchError} `LEASE_LOST` */
  async publish(message: BoxMessage): Promise<void> {
    const published: Published = { epoch: this.#epoch, message };
    const channel = channels.boxes(this.#prefix, this.stream);
    this.#mustHold(
      await this.#redis.eval(PUBLISH, 2, this.#lock, channel, this.#token, JSON.stringify(published)),
    );
  }

  /** Leaves what the next holder needs. @throws {BatchError} `LEASE_LOST` */
  async keep(state: LiveState): Promise<void> {
    const key = channels.state(this.#prefix, this.stream);
    const text = JSON.stringify(state);
    this.#mustHold(await this.#redis.eval(KEEP, 2, this.#lock, key, this.#token, text, STATE_KEPT_S));
  }

  /** What the holder before left. */
  async kept(): Promise<LiveState | undefined> {
    const text = await this.#redis.get(channels.state(this.#prefix, this.stream));
    return text === null ? undefined : (JSON.parse(text) as LiveState);
  }

  #mustHold(answer: unknown): void {
    if (answer !== 1)
      throw new BatchError(
        'LEASE_LOST',
        `${this.stream}: expected to hold its lease, got another worker's or none`,
      );
  }
}
