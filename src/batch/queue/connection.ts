import { Redis } from 'ioredis';
import { BatchError } from '../errors.js';

/** A queue's place in Redis. */
export interface QueuePlace {
  /** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly redis: string;
  /** What all its keys begin with: several installations can share a Redis. */
  readonly queue: string;
}

const PATIENCE_MS = 10_000;

/**
 * Connects to Redis, and keeps trying to for as long as the connection is open: commands wait for a Redis that is away.
 *
 * @throws {BatchError} `REDIS_FAILED` where there is none to begin with, or one that forgets keys when it is full
 */
export async function connectRedis(url: string): Promise<Redis> {
  const shown = withoutPassword(url);
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    lazyConnect: true,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2000),
  });
  let latest: Error | undefined;
  redis.on('error', (error) => {
    latest = error;
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(latest ?? new Error('no answer')), PATIENCE_MS);
    });
    void redis.connect().catch((error) => {
      latest = error;
    });
    const policy = redis.config('GET', 'maxmemory-policy').catch(() => []);
    const [, value] = (await Promise.race([policy, late])) as string[];
    if (value !== undefined && value !== 'noeviction')
      throw new Error(`maxmemory-policy ${value}, which drops jobs when memory runs short (set noeviction)`);
    return redis;
  } catch (cause) {
    redis.disconnect();
    const reason = (cause as Error).message || latest?.message || 'no answer';
    throw new BatchError('REDIS_FAILED', `expected Redis at ${shown}, got ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** An address for messages and logs. */
export function withoutPassword(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return '(not an address)';
  }
}
