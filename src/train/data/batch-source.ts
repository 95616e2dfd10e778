import { Worker } from 'node:worker_threads';
import { workerFile } from '../../common/index.js';
import type { Batch } from './batch.js';
import type { BatchRequest, WorkerSetup } from './batch-worker.js';

/** Batches in order from worker threads, a few of them ahead of the reader. */
export class BatchSource {
  readonly #workers: Worker[];
  readonly #ready = new Map<number, Batch>();
  readonly #waiting = new Map<number, { resolve: (batch: Batch) => void; reject: (error: Error) => void }>();
  readonly #ended: Promise<unknown>[];
  readonly #ahead: number;
  readonly #end: number;
  #next: number;
  #asked: number;
  #failure: Error | undefined;
  #spare: Batch[] = [];

  /**
   * @param first index of the first batch
   * @param workers threads
   * @param count batches that will be asked for; no more are made
   */
  constructor(setup: WorkerSetup, first: number, workers: number, count = Number.POSITIVE_INFINITY) {
    this.#next = first;
    this.#asked = first;
    this.#end = first + count;
    // Batches made before they are asked for.
    this.#ahead = 2 * workers;
    this.#workers = Array.from({ length: workers }, () => {
      const worker = new Worker(workerFile(import.meta.url, './batch-worker.js'), { workerData: setup });
      worker.on('message', (batch: Batch) => this.#deliver(batch));
      worker.on('error', (error) => this.#fail(error));
      return worker;
    });
    this.#ended = this.#workers.map((w) => new Promise((resolve) => w.once('exit', resolve)));
    this.#ask();
  }

  /** The next batch. @throws what a worker threw */
  async next(): Promise<Batch> {
    if (this.#failure) throw this.#failure;
    const index = this.#next++;
    const ready = this.#ready.get(index);
    this.#ready.delete(index);
    const batch = ready
      ? Promise.resolve(ready)
      : new Promise<Batch>((resolve, reject) => this.#waiting.set(index, { resolve, reject }));
    this.#ask();
    return batch;
  }

  /** Batches waiting to be read. */
  get ready(): number {
    return this.#ready.size;
  }

  /** Gives a batch's memory back for a later one. */
  recycle(batch: Batch): void {
    this.#spare.push(batch);
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.postMessage('stop');
    await Promise.all(this.#ended);
  }

  #ask(): void {
    while (this.#asked < Math.min(this.#next + this.#ahead, this.#end)) {
      const index = this.#asked++;
      const reuse = this.#spare.pop();
      const request: BatchRequest = reuse ? { index, reuse } : { index };
      this.#workers[index % this.#workers.length].postMessage(request);
    }
  }

  #deliver(batch: Batch): void {
    const waiting = this.#waiting.get(batch.index);
    if (!waiting) {
      this.#ready.set(batch.index, batch);
      return;
    }
    this.#waiting.delete(batch.index);
    waiting.resolve(batch);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
