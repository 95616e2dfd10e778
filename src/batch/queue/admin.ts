import type { Redis } from 'ioredis';
import type { BatchJob } from '../job.js';
import { type BatchQueue, type JobProgress, openBatchQueue, parseFailure } from './batch-queue.js';
import { connectRedis, type QueuePlace } from './connection.js';

/** What a queue holds. */
export interface QueueReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly workers: number;
  readonly active: readonly {
    readonly id: string;
    readonly name: string;
    readonly worker: string;
    readonly done: number;
    readonly total?: number;
  }[];
  readonly dead: readonly DeadLetter[];
}

/** A job that was given up. */
export interface DeadLetter {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly code: string;
  readonly message: string;
  /** How often it was started. */
  readonly starts: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const SHOWN = 100;

/** A queue as its keeper sees it. Close it after use. */
export class QueueAdmin {
  readonly #connection: Redis;
  readonly #queue: BatchQueue;

  private constructor(connection: Redis, queue: BatchQueue) {
    this.#connection = connection;
    this.#queue = queue;
  }

  static async open({ redis, queue }: QueuePlace): Promise<QueueAdmin> {
    const connection = await connectRedis(redis);
    return new QueueAdmin(connection, openBatchQueue(connection, queue));
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#connection.disconnect();
  }

  async report(): Promise<QueueReport> {
    const queue = this.#queue;
    const [counts, workers, active, dead] = await Promise.all([
      queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed'),
      queue.getWorkersCount(),
      queue.getActive(0, SHOWN),
      this.dead(),
    ]);
    const running = active.map((job) => {
      const { done = 0, total, worker = '?' } = (job.progress ?? {}) as Partial<JobProgress>;
      return { id: job.id ?? '', name: (job.data as BatchJob).name, worker, done, total };
    });
    return { counts, workers, active: running, dead };
  }

  /** The latest dead letters. */
  async dead(): Promise<DeadLetter[]> {
    const jobs = await this.#queue.getFailed(0, SHOWN);
    return jobs.map(({ id = '', data, failedReason, attemptsStarted, finishedOn = 0 }) => ({
      id,
      name: data.name,
      location: data.input.location,
      ...parseFailure(failedReason ?? ''),
      starts: attemptsStarted,
      at: finishedOn,
    }));
  }

  /** Puts dead letters back into the queue, all of them or those of these ids or names; says how many. */
  async retry(which?: readonly string[]): Promise<number> {
    let count = 0;
    const jobs = await this.#queue.getFailed(0, -1);
    for (const job of jobs) {
      if (which && !which.includes(job.id ?? '') && !which.includes(job.data.name)) continue;
      const progress = (job.progress ?? {}) as Partial<JobProgress>;
      await job.updateProgress({ ...progress, starts: job.attemptsStarted });
      await job.retry('failed', { resetAttemptsMade: true });
      count++;
    }
    return count;
  }

  /** Forgets dead letters; says how many. */
  async forget(which?: readonly string[]): Promise<number> {
    let count = 0;
    for (const job of await this.#queue.getFailed(0, -1)) {
      if (which && !which.includes(job.id ?? '') && !which.includes(job.data.name)) continue;
      await job.remove();
      count++;
    }
    return count;
  }
}
