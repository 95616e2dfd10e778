import { SiamtrackError } from '../common/index.js';
import { Admission } from './admission.js';
import { BatchRunner, type EncoderStats } from './batch-runner.js';
import type { PictureCrop } from './cutout.js';
import {
  CLAIMED_BY_OTHERS,
  type Embedding,
  type Engine,
  type EngineDescription,
  type Responded,
  UNCLAIMED,
} from './engine.js';
import { type EngineEvent, recovered, replaced, warnOfEvent } from './engine-event.js';
import { createLane, cropsWithin, type Lane, noteCost } from './lane.js';
import { type FillCrop, type Request, RequestQueue } from './request-queue.js';

export type { EncoderStats } from './batch-runner.js';

/** How busy an encoder is. */
export interface EncoderLoad {
  /** Requests that wait for an engine. */
  readonly waiting: number;
  /** Requests that engines work on. */
  readonly underWay: number;
  /** Milliseconds until what waits and is under way will be done, by what crops cost lately. */
  readonly waitMs: number;
  /** Streams that wait to be let in. */
  readonly streamsWaiting: number;
}

export interface SchedulerOptions {
  /**
   * Milliseconds from a request to its answer that are aimed at: a batch takes no longer than half of it, and streams
   * are let in (`admit`) while what waits takes no longer than the other half. Default 50.
   */
  readonly latencyMs?: number;
  /** Makes an engine that takes over where one fails for good. */
  readonly fallback?: () => Promise<Engine>;
  /** Told of engines that failed; default: a warning of the process. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Milliseconds of a clock that only goes forward; another one in simulations. */
  readonly now?: () => number;
}

/** Failed calls one after another that make an engine suspect, where others could do its work. */
const SUSPECT = 2;

/** Hands requests to engines. See SharedEncoder. */
export class Scheduler {
  readonly searchSize: number;
  readonly largestBatch: number;
  readonly #lanes: Lane[];
  readonly #queue = new RequestQueue();
  /** Requests an engine failed on: each is tried again by itself, before all others. */
  readonly #retries: Request[] = [];
  readonly #runner: BatchRunner;
  readonly #admission: Admission;
  readonly #underWay = new Map<string, number>();
  readonly #latencyMs: number;
  readonly #onEvent: (event: EngineEvent) => void;
  #fallback: SchedulerOptions['fallback'];
  #fallingBack = false;
  #pumpPlanned = false;
  #disposed = false;

  constructor(
    engines: readonly Engine[],
    searchSize: number,
    largestBatch: number,
    { latencyMs = 50, fallback, onEvent = warnOfEvent, now = () => performance.now() }: SchedulerOptions = {},
  ) {
    this.searchSize = searchSize;
    this.largestBatch = largestBatch;
    this.#lanes = engines.map((engine) => createLane(engine));
    this.#runner = new BatchRunner(largestBatch, (lane, requests) => this.#done(lane, requests));
    this.#latencyMs = latencyMs;
    this.#fallback = fallback;
    this.#onEvent = onEvent;
    const backlog = {
      msFor: (requests: number) => this.#msFor(requests),
      countOf: (stream: string) => this.#queue.countOf(stream) + (this.#underWay.get(stream) ?? 0),
      now,
    };
    this.#admission = new Admission(backlog, latencyMs / 2);
  }

  get stats(): EncoderStats {
    return this.#runner.stats;
  }

  get engines(): readonly EngineDescription[] {
    return this.#lanes.filter((lane) => !lane.standby).map((lane) => lane.engine.description);
  }

  get waiting(): number {
    return this.#queue.length + this.#retries.length;
  }

  get load(): EncoderLoad {
    const underWay = this.#lanes.reduce((sum, lane) => sum + lane.crops, 0);
    return {
      waiting: this.waiting,
      underWay,
      waitMs: this.#msFor(0),
      streamsWaiting: this.#admission.waiting,
    };
  }

  submit(
    size: number,
    crop: FillCrop | PictureCrop,
    template: Embedding | undefined,
    stream: string,
  ): Promise<Embedding | Responded> {
    if (this.#disposed) return Promise.reject(disposedError());
    return new Promise((resolve, reject) => {
      const fresh = { failures: 0, failedOn: [], fault: undefined, turn: 0 };
      this.#queue.push({ size, crop, template, stream, resolve, reject, ...fresh });
      this.#admission.made(stream);
      this.#planPump();
    });
  }

  admit(stream: string, signal?: AbortSignal): Promise<void> {
    if (this.#disposed) return Promise.reject(disposedError());
    return this.#admission.admit(stream, signal);
  }

  leave(stream: string): void {
    this.#admission.leave(stream);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#admission.dispose(disposedError());
    for (const request of [...this.#queue.clear(), ...this.#retries.splice(0)])
      request.reject(disposedError());
    await Promise.all(this.#lanes.map((lane) => lane.engine.dispose()));
  }

  /** Milliseconds for what waits, is under way and `more`, all engines at work. */
  #msFor(more: number): number {
    let perMs = 0;
    let crops = this.waiting + more;
    for (const lane of this.#lanes) {
      crops += lane.crops;
      if (lane.msPerCrop && !lane.standby) perMs += 1 / lane.msPerCrop;
    }
    // Before the first answer a full batch counts as all that the budget allows.
    return perMs > 0 ? crops / perMs : (crops * this.#latencyMs) / 2 / this.largestBatch;
  }

  /** A microtask later, so that targets that ask in one go share a batch. */
  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    queueMicrotask(() => {
      this.#pumpPlanned = false;
      this.#pump();
    });
  }

  /**
   * Other threads get their work first, idle ones before those that take a batch ahead; then the calling thread does
   * its share, and when nothing is left takes back what others have not begun. A lone request is computed here at
   * once rather than sent.
   */
  #pump(): void {
    this.#pumpRetries();
    const lanes = this.#lanes.filter((lane) => !lane.standby && lane.strikes < SUSPECT);
    const usable = lanes.length > 0 ? lanes : this.#lanes.filter((lane) => !lane.standby);
    const here = usable.find((lane) => lane.engine.blocks);
    const alone = this.#queue.length === 1 && here?.active === 0;
    const deepest = alone ? 0 : Math.max(...usable.map((lane) => lane.engine.depth));
    const idle = usable.filter((lane) => lane.active === 0).length;
    const share = Math.ceil(this.#queue.length / Math.max(1, idle));
    for (let active = 0; active < deepest; active++)
      for (const lane of usable) {
        if (this.#queue.length === 0) break;
        if (lane === here || lane.active !== active || active >= lane.engine.depth) continue;
        this.#start(lane, this.#queue.take(this.#batchFor(lane, usable.length, share)));
      }
    for (const lane of usable) {
      if (lane.active > 0) continue;
      if (lane === here && this.#queue.length > 0)
        this.#start(lane, this.#queue.take(usable.length === 1 ? this.#batchFor(lane, 1, share) : 1));
      else this.#takeBack(lane);
    }
  }

  /**
   * Where crops can be taken back an engine gets its whole share at once; else none takes more than half its share of
   * what waits (guided self-scheduling, Polychronopoulos 1987): none stays idle, and they end together.
   */
  #batchFor(lane: Lane, lanes: number, share: number): number {
    const largest = Math.min(this.largestBatch, cropsWithin(lane, this.#latencyMs / 2));
    if (lanes === 1) return largest;
    const most = lane.engine.shares ? share : Math.ceil(this.#queue.length / (2 * lanes));
    return Math.max(1, Math.min(largest, most));
  }

  /** An idle engine takes over the last crop that another one has been given and not begun. */
  #takeBack(lane: Lane): void {
    for (const other of this.#lanes)
      for (let k = other.shared.length - 1; k >= 0 && other !== lane; k--) {
        const { batch, claims } = other.shared[k];
        for (let i = batch.length - 1; i >= 0; i--)
          if (Atomics.compareExchange(claims, i, UNCLAIMED, CLAIMED_BY_OTHERS) === UNCLAIMED) {
            other.crops--;
            this.#start(lane, [batch[i]], true);
            return;
          }
      }
  }

  #pumpRetries(): void {
    for (let k = 0; k < this.#retries.length; ) {
      const request = this.#retries[k];
      const lane = this.#laneForRetry(request);
      if (lane === undefined || lane.active >= lane.engine.depth) k++;
      else {
        this.#retries.splice(k, 1);
        this.#start(lane, [request]);
      }
    }
  }

  /** Another engine than those it failed on; the last one where there is no other; the fallback if that failed twice. */
  #laneForRetry({ failedOn, failures }: Request): Lane | undefined {
    const others = this.#lanes.filter((lane) => !failedOn.includes(lane));
    const other =
      others.find((lane) => !lane.standby && lane.strikes < SUSPECT) ??
      (failures >= SUSPECT ? others.find((lane) => lane.standby) : undefined);
    if (other) return other;
    if (failures < SUSPECT || !this.#fallback)
      return failedOn.findLast((lane) => this.#lanes.includes(lane)) ?? this.#lanes[0];
    void this.#fallBack(this.#fallback);
    return undefined;
  }

  async #fallBack(make: () => Promise<Engine>): Promise<void> {
    if (this.#fallingBack) return;
    this.#fallingBack = true;
    try {
      const lane = createLane(await make(), true);
      if (this.#disposed) await lane.engine.dispose();
      else this.#lanes.push(lane);
    } catch (error) {
      for (const request of this.#retries.splice(0)) request.reject(error);
    }
    this.#fallback = undefined;
    this.#fallingBack = false;
    this.#planPump();
  }

  #start(lane: Lane, batch: readonly Request[], takenBack = false): void {
    lane.active++;
    lane.crops += batch.length;
    if (!takenBack)
      for (const { stream } of batch) this.#underWay.set(stream, (this.#underWay.get(stream) ?? 0) + 1);
    void this.#run(lane, batch);
  }

  async #run(lane: Lane, batch: readonly Request[]): Promise<void> {
    const { mine, answered, ms, failure } = await this.#runner.run(lane, batch);
    // Between two batches of the calling thread the answers of the others are to be heard.
    if (lane.engine.blocks && this.#lanes.length > 1) await new Promise(setImmediate);
    lane.active--;
    this.#done(
      lane,
      mine.filter((request) => !answered.includes(request)),
    );
    if (failure) this.#failed(lane, failure.requests, failure.error);
    else if (answered.length > 0) {
      noteCost(lane, ms, answered.length);
      this.#worked(lane, answered);
    }
    if (this.waiting > 0 || this.#lanes.some((other) => other.shared.length > 0)) this.#planPump();
    this.#admission.check();
  }

  /** Requests are no longer under way. */
  #done(lane: Lane, requests: readonly Request[]): void {
    lane.crops -= requests.length;
    for (const { stream } of requests) {
      const count = (this.#underWay.get(stream) ?? 1) - 1;
      if (count > 0) this.#underWay.set(stream, count);
      else this.#underWay.delete(stream);
    }
  }

  #failed(lane: Lane, requests: readonly Request[], error: unknown): void {
    if (this.#disposed) {
      for (const request of requests) request.reject(disposedError());
      return;
    }
    if (!this.#lanes.includes(lane)) {
      // It was replaced, and its thread ended, while they were under way: no failure of theirs.
      this.#retries.push(...requests);
      return;
    }
    const canFallBack =
      this.#fallback !== undefined || this.#fallingBack || this.#lanes.some((other) => other.standby);
    // An engine that hangs costs much time: it gets no second chance where another one can do.
    const hung = canFallBack && error instanceof SiamtrackError && error.code === 'ENGINE_HUNG';
    lane.strikes += hung ? SUSPECT : 1;
    lane.fault ??= { error, told: false };
    for (const request of requests) {
      request.failures += hung ? SUSPECT : 1;
      request.failedOn.push(lane);
      request.fault = lane.fault;
      const last = canFallBack && !lane.standby ? SUSPECT : SUSPECT - 1;
      if (request.failures <= last) this.#retries.push(request);
      else {
        // It fails everywhere: no engine's fault.
        for (const innocent of request.failedOn) {
          innocent.strikes = 0;
          innocent.fault = undefined;
        }
        request.reject(error);
      }
    }
  }

  #worked(lane: Lane, requests: readonly Request[]): void {
    lane.strikes = 0;
    lane.fault = undefined;
    for (const { fault, failedOn } of requests) {
      const failed = failedOn.at(-1);
      if (!fault || fault.told || !failed) continue;
      fault.told = true;
      if (failed === lane || (failed.strikes < SUSPECT && !lane.standby))
        this.#onEvent(recovered(failed.engine.description, fault.error));
      else if (this.#lanes.includes(failed)) this.#replace(failed, lane, fault.error);
    }
  }

  /** `failed` is out of use from here on. */
  #replace(failed: Lane, by: Lane, error: unknown): void {
    this.#lanes.splice(this.#lanes.indexOf(failed), 1);
    by.standby = false;
    failed.engine.dispose().catch(() => {});
    this.#onEvent(replaced(failed.engine.description, by.engine.description, error));
  }
}

function disposedError(): SiamtrackError {
  return new SiamtrackError('MODEL_DISPOSED', 'Expected a loaded model, got one that has been disposed.');
}
