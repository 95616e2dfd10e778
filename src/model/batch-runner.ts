import { cutCrop, cutoutOf, isShared, type PictureCrop } from './cutout.js';
import {
  CLAIMED_BY_ENGINE,
  CLAIMED_BY_OTHERS,
  type Claims,
  type CutResult,
  type Embedding,
  type Embeddings,
  type Engine,
  type HeadMaps,
  UNCLAIMED,
} from './engine.js';
import type { Lane } from './lane.js';
import { paddedBatch } from './padded-batch.js';
import type { Request } from './request-queue.js';

/** Running totals, for benches and metrics; milliseconds. */
export interface EncoderStats {
  requests: number;
  batches: number;
  largestBatch: number;
  cropMs: number;
  encodeMs: number;
  headMs: number;
}

/** What became of a batch. */
export interface Outcome {
  /** Requests that the call kept: others took the rest over. */
  readonly mine: readonly Request[];
  /** Those answered, and the milliseconds the engine took for them. */
  readonly answered: readonly Request[];
  readonly ms: number;
  /** Those not answered because the engine failed, and why. */
  readonly failure?: { readonly requests: readonly Request[]; readonly error: unknown };
}

/** What of an engine's results is passed on. */
interface Answer {
  readonly embeddings: Embeddings;
  readonly maps?: HeadMaps;
  readonly cropMs?: number;
  readonly encodeMs: number;
  readonly headMs?: number;
}

/** Brings a batch to an engine and its answers back to those who asked. */
export class BatchRunner {
  readonly stats: EncoderStats = {
    requests: 0,
    batches: 0,
    largestBatch: 0,
    cropMs: 0,
    encodeMs: 0,
    headMs: 0,
  };
  readonly #largestBatch: number;
  readonly #free: Float32Array[] = [];

  readonly #onAnswered: (lane: Lane, requests: readonly Request[]) => void;

  /** @param onAnswered told of requests as soon as they are answered, which is before their call has ended */
  constructor(largestBatch: number, onAnswered: (lane: Lane, requests: readonly Request[]) => void) {
    this.#largestBatch = largestBatch;
    this.#onAnswered = onAnswered;
  }

  /** Never rejects. */
  run(lane: Lane, batch: readonly Request[]): Promise<Outcome> {
    const { engine } = lane;
    if (!cuts(engine) || !pictureCrops(batch)) return this.#fill(lane, batch);
    const shares = engine.shares && batch.length > 1;
    return shares ? this.#cutShared(lane, engine, batch) : this.#cut(lane, engine, batch);
  }

  /** The engine cuts the crops. */
  async #cut(lane: Lane, engine: CuttingEngine, batch: readonly Request[]): Promise<Outcome> {
    try {
      const result = await engine.cut(pictures(batch), batch[0].size, templatesOf(batch));
      if (!result) throw new Error('Expected a result, got none.');
      return { mine: batch, answered: batch, ms: this.#answer(lane, batch, result) };
    } catch (error) {
      return { mine: batch, answered: [], ms: 0, failure: { requests: batch, error } };
    }
  }

  /** The same where crops may be taken back before the engine has begun them. */
  async #cutShared(lane: Lane, engine: CuttingEngine, batch: readonly Request[]): Promise<Outcome> {
    const memory = new SharedArrayBuffer(batch.length * Int32Array.BYTES_PER_ELEMENT);
    const claims = new Int32Array(memory);
    const call = { batch, claims };
    const answered: Request[] = [];
    let ms = 0;
    const onCrop = (index: number, result: CutResult) => {
      ms += this.#answer(lane, [batch[index]], result);
      answered.push(batch[index]);
    };
    let failure: Outcome['failure'];
    lane.shared.push(call);
    try {
      await engine.cut(pictures(batch), batch[0].size, templatesOf(batch), { claims, onCrop });
    } catch (error) {
      failure = { requests: [], error };
    }
    const mine = batch.filter((_, k) => !takenBack(claims, k));
    lane.shared.splice(lane.shared.indexOf(call), 1);
    if (failure) failure = { ...failure, requests: mine.filter((request) => !answered.includes(request)) };
    return { mine, answered, ms, failure };
  }

  /** The crops are cut here. */
  async #fill(lane: Lane, taken: readonly Request[]): Promise<Outcome> {
    const { size } = taken[0];
    const buffer = this.#takeBuffer(taken.length, size);
    const started = performance.now();
    const batch: Request[] = [];
    for (const request of taken)
      try {
        const offset = batch.length * 3 * size * size;
        if (typeof request.crop === 'function') request.crop(buffer, offset);
        else cutCrop(request.crop, size, buffer, offset);
        batch.push(request);
      } catch (error) {
        request.reject(error);
      }
    const cropMs = performance.now() - started;
    try {
      if (batch.length === 0) {
        this.#free.push(buffer);
        return { mine: taken, answered: [], ms: 0 };
      }
      const result = await this.#compute(lane.engine, buffer, batch);
      this.#free.push(result.crops);
      return { mine: taken, answered: batch, ms: this.#answer(lane, batch, { cropMs, ...result }) };
    } catch (error) {
      return { mine: taken, answered: [], ms: 0, failure: { requests: batch, error } };
    }
  }

  /** A buffer for `count` crops, of a batch before where one is long enough. */
  #takeBuffer(count: number, size: number): Float32Array {
    const crop = 3 * size ** 2;
    const free = this.#free.pop();
    if (free && free.length >= count * crop) return free;
    return new Float32Array(paddedBatch(count, this.#largestBatch) * crop);
  }

  #compute(engine: Engine, buffer: Float32Array, batch: readonly Request[]) {
    const templates = templatesOf(batch);
    if (!templates) return engine.encode(buffer, batch.length, batch[0].size);
    return engine.respond(buffer, batch.length, batch[0].size, templates);
  }

  /** Gives each its part; returns the milliseconds all took. */
  #answer(
    lane: Lane,
    batch: readonly Request[],
    { embeddings, maps, cropMs = 0, encodeMs, headMs = 0 }: Answer,
  ): number {
    const count = batch.length;
    const { stats } = this;
    stats.requests += count;
    stats.batches++;
    stats.largestBatch = Math.max(stats.largestBatch, count);
    stats.cropMs += cropMs;
    stats.encodeMs += encodeMs;
    stats.headMs += headMs;
    this.#onAnswered(lane, batch);
    const { channels, side } = embeddings;
    for (const [k, request] of batch.entries()) {
      const embedding = { channels, side, data: share(embeddings.data, k, count, !maps) };
      if (!maps) request.resolve(embedding);
      else {
        const [score, box] = [share(maps.score, k, count, false), share(maps.box, k, count, false)];
        request.resolve({ embedding, score, box });
      }
    }
    return cropMs + encodeMs + headMs;
  }
}

/** Whether others have taken the k-th crop over; from here on they cannot any more. */
function takenBack(claims: Claims, k: number): boolean {
  return Atomics.compareExchange(claims, k, UNCLAIMED, CLAIMED_BY_ENGINE) === CLAIMED_BY_OTHERS;
}

function pictures(batch: readonly Request[]): PictureCrop[] {
  return batch.map(({ crop }) => crop as PictureCrop);
}

function templatesOf(batch: readonly Request[]): Embedding[] | undefined {
  return batch[0].template && batch.map(({ template }) => template as Embedding);
}

type CuttingEngine = Engine & Required<Pick<Engine, 'cut'>>;

function cuts(engine: Engine): engine is CuttingEngine {
  return engine.cut !== undefined;
}

/** Whether all of a batch can be cut by an engine, from parts of pictures smaller than the crops themselves. */
function pictureCrops(batch: readonly Request[]): boolean {
  return batch.every(({ crop, size }) => {
    const cutout = typeof crop === 'function' ? undefined : cutoutOf(crop);
    if (cutout === undefined || typeof crop === 'function') return false;
    return isShared(crop.picture) || cutout.bytes <= 4 * 3 * size * size;
  });
}

/** The k-th of `count` equal parts; copied where it will be kept, so that one part does not hold all of them. */
function share(data: Float32Array, k: number, count: number, keep: boolean): Float32Array {
  if (count === 1) return data;
  const length = data.length / count;
  return keep ? data.slice(k * length, (k + 1) * length) : data.subarray(k * length, (k + 1) * length);
}
