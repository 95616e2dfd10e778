import { SiamtrackError } from '../common/index.js';
import { cutCrop, cutoutOf, type PictureCrop } from './cutout.js';
import type { Embedding, Embeddings, Engine, EngineDescription, HeadMaps } from './engine.js';

/** Writes one crop, planar, into `out` from `offset`. Called when the request's batch leaves, not before. */
export type FillCrop = (out: Float32Array, offset: number) => void;

/** Running totals, for benches and metrics; milliseconds. */
export interface EncoderStats {
  requests: number;
  batches: number;
  largestBatch: number;
  cropMs: number;
  encodeMs: number;
  headMs: number;
}

interface Request {
  readonly size: number;
  readonly crop: FillCrop | PictureCrop;
  /** Present where the head is to answer, absent where the embedding is asked for. */
  readonly template: Embedding | undefined;
  readonly resolve: (value: Embedding | HeadMaps) => void;
  readonly reject: (reason: unknown) => void;
}

/** What of an engine's results is passed on. */
interface Answer {
  readonly embeddings?: Embeddings;
  readonly maps?: HeadMaps;
  readonly encodeMs: number;
  readonly headMs?: number;
}

interface Lane {
  readonly engine: Engine;
  /** Batches under way. */
  active: number;
}

/**
 * The one way to a loaded model. Requests of all targets of all streams queue; as soon as an engine is free a batch
 * leaves with whatever waits and can share it, oldest first, up to `largestBatch`. Nobody waits for a batch to fill.
 * Several engines share out what waits. Engines in threads of their own take one batch ahead. An engine that throws
 * rejects the requests of that batch alone.
 */
export class SharedEncoder {
  readonly largestBatch: number;
  readonly stats: EncoderStats = {
    requests: 0,
    batches: 0,
    largestBatch: 0,
    cropMs: 0,
    encodeMs: 0,
    headMs: 0,
  };
  readonly #lanes: Lane[];
  readonly #depth: number;
  readonly #searchSize: number;
  readonly #free: Float32Array[] = [];
  readonly #waiting: Request[] = [];
  #pumpPlanned = false;
  #disposed = false;

  constructor(engines: readonly Engine[], searchSize: number, largestBatch: number) {
    this.#lanes = engines.map((engine) => ({ engine, active: 0 }));
    this.#depth = Math.max(...engines.map((engine) => engine.depth));
    this.#searchSize = searchSize;
    this.largestBatch = largestBatch;
  }

  /** The engines behind it, one entry per batch that can be under way at once. */
  get engines(): readonly EngineDescription[] {
    return this.#lanes.map((lane) => lane.engine.description);
  }

  /** Requests that wait for an engine. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Embeds one crop of `size` x `size`; the result is the caller's to keep. */
  embed(size: number, crop: FillCrop | PictureCrop): Promise<Embedding> {
    return this.#submit(size, crop, undefined) as Promise<Embedding>;
  }

  /** Embeds a search region and runs the box head on it with `template`; the maps are the caller's to keep. */
  respond(template: Embedding, crop: FillCrop | PictureCrop): Promise<HeadMaps> {
    return this.#submit(this.#searchSize, crop, template) as Promise<HeadMaps>;
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const request of this.#waiting.splice(0)) request.reject(disposedError());
    await Promise.all(this.#lanes.map((lane) => lane.engine.dispose()));
  }

  #submit(
    size: number,
    crop: FillCrop | PictureCrop,
    template: Embedding | undefined,
  ): Promise<Embedding | HeadMaps> {
    if (this.#disposed) return Promise.reject(disposedError());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ size, crop, template, resolve, reject });
      this.#planPump();
    });
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
   * its share. A lone request is computed here at once rather than sent.
   */
  #pump(): void {
    const here = this.#lanes.find((lane) => lane.engine.blocks);
    const alone = this.#waiting.length === 1 && here?.active === 0;
    if (!alone)
      for (let active = 0; active < this.#depth; active++)
        for (const lane of this.#lanes) {
          if (this.#waiting.length === 0) return;
          if (lane !== here && lane.active === active && active < lane.engine.depth)
            void this.#run(lane, this.#takeBatch());
        }
    if (here?.active === 0 && this.#waiting.length > 0) void this.#run(here, this.#takeBatch());
  }

  /**
   * The oldest request and those behind it that can share its batch. Of several engines none takes more than half
   * its share of what waits (guided self-scheduling, Polychronopoulos 1987): none stays idle, and they end together.
   */
  #takeBatch(): Request[] {
    const waiting = this.#waiting;
    const lanes = this.#lanes.length;
    const most = lanes === 1 ? this.largestBatch : Math.ceil(waiting.length / (2 * lanes));
    const largest = Math.min(this.largestBatch, most);
    const [first] = waiting;
    const batch: Request[] = [];
    const passed: Request[] = [];
    let seen = 0;
    for (; seen < waiting.length && batch.length < largest; seen++) {
      const request = waiting[seen];
      const alike =
        request.size === first.size && (request.template === undefined) === (first.template === undefined);
      (alike ? batch : passed).push(request);
    }
    waiting.splice(0, seen, ...passed);
    return batch;
  }

  async #run(lane: Lane, taken: Request[]): Promise<void> {
    lane.active++;
    try {
      const { engine } = lane;
      if (cuts(engine) && pictureCrops(taken)) await this.#cut(engine, taken);
      else await this.#fill(engine, taken);
    } finally {
      // Between two batches of the calling thread the answers of the others are to be heard.
      if (lane.engine.blocks && this.#lanes.length > 1) await new Promise(setImmediate);
      lane.active--;
      if (this.#waiting.length > 0) this.#planPump();
    }
  }

  /** The engine cuts the crops. */
  async #cut(engine: CuttingEngine, batch: readonly Request[]): Promise<void> {
    const { size, template } = batch[0];
    const templates = template && batch.map((request) => request.template as Embedding);
    try {
      const crops = batch.map((request) => request.crop as PictureCrop);
      const result = await engine.cut(crops, size, templates);
      this.stats.cropMs += result.cropMs;
      this.#answer(batch, result);
    } catch (error) {
      for (const request of batch) request.reject(this.#disposed ? disposedError() : error);
    }
  }

  /** The crops are cut here. */
  async #fill(engine: Engine, taken: readonly Request[]): Promise<void> {
    const { size } = taken[0];
    let buffer = this.#takeBuffer(taken.length);
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
    this.stats.cropMs += performance.now() - started;
    try {
      if (batch.length > 0) buffer = await this.#compute(engine, buffer, batch);
      this.#free.push(buffer);
    } catch (error) {
      for (const request of batch) request.reject(this.#disposed ? disposedError() : error);
    }
  }

  /** A buffer for `count` crops, of a batch before where one is long enough. */
  #takeBuffer(count: number): Float32Array {
    const crop = 3 * this.#searchSize ** 2;
    const free = this.#free.pop();
    if (free && free.length >= count * crop) return free;
    return new Float32Array(Math.min(2 ** Math.ceil(Math.log2(count)), this.largestBatch) * crop);
  }

  async #compute(engine: Engine, buffer: Float32Array, batch: readonly Request[]): Promise<Float32Array> {
    const count = batch.length;
    if (batch[0].template === undefined) {
      const result = await engine.encode(buffer, count, batch[0].size);
      this.#answer(batch, result);
      return result.crops;
    }
    const templates = batch.map((request) => request.template as Embedding);
    const result = await engine.respond(buffer, count, templates);
    this.#answer(batch, result);
    return result.crops;
  }

  #answer(batch: readonly Request[], result: Answer): void {
    const count = batch.length;
    const { stats } = this;
    stats.requests += count;
    stats.batches++;
    stats.largestBatch = Math.max(stats.largestBatch, count);
    stats.encodeMs += result.encodeMs;
    stats.headMs += result.headMs ?? 0;
    const { embeddings, maps } = result;
    for (const [k, request] of batch.entries())
      if (embeddings) {
        const { channels, side, data } = embeddings;
        request.resolve({ channels, side, data: share(data, k, count, true) });
      } else if (maps)
        request.resolve({ score: share(maps.score, k, count, false), box: share(maps.box, k, count, false) });
  }
}

type CuttingEngine = Engine & Required<Pick<Engine, 'cut'>>;

function cuts(engine: Engine): engine is CuttingEngine {
  return engine.cut !== undefined;
}

/** Whether all of a batch can be cut by an engine, from parts of pictures smaller than the crops themselves. */
function pictureCrops(batch: readonly Request[]): boolean {
  return batch.every(({ crop, size }) => {
    const cutout = typeof crop === 'function' ? undefined : cutoutOf(crop);
    return cutout !== undefined && cutout.bytes <= 4 * 3 * size * size;
  });
}

/** The k-th of `count` equal parts; copied where it will be kept, so that one part does not hold all of them. */
function share(data: Float32Array, k: number, count: number, keep: boolean): Float32Array {
  if (count === 1) return data;
  const length = data.length / count;
  return keep ? data.slice(k * length, (k + 1) * length) : data.subarray(k * length, (k + 1) * length);
}

function disposedError(): SiamtrackError {
  return new SiamtrackError('MODEL_DISPOSED', 'Expected a loaded model, got one that has been disposed.');
}
