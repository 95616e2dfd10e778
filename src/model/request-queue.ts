import type { PictureCrop } from './cutout.js';
import type { Embedding, Responded } from './engine.js';
import type { Fault, Lane } from './lane.js';

/** Writes one crop, planar, into `out` from `offset`. Called when the request's batch leaves, not before. */
export type FillCrop = (out: Float32Array, offset: number) => void;

/** One crop to be embedded, or responded to. */
export interface Request {
  readonly size: number;
  readonly crop: FillCrop | PictureCrop;
  /** Present where the head is to answer, absent where the embedding is asked for. */
  readonly template: Embedding | undefined;
  /** Whose it is; requests of one stream keep their order. */
  readonly stream: string;
  readonly resolve: (value: Embedding | Responded) => void;
  readonly reject: (reason: unknown) => void;
  /** Engine calls with it that failed, where, and the latest incident. */
  failures: number;
  readonly failedOn: Lane[];
  fault: Fault | undefined;
  /** Its stream's turn to be served in. */
  turn: number;
}

/** Requests of a stream that are served before other streams' that came later. */
export const TURN = 8;

interface Stream {
  turn: number;
  /** Requests it may still make in this turn. */
  left: number;
}

/** Streams that are remembered before those are forgotten whose turn is over. */
const MANY_STREAMS = 256;

/**
 * What waits, oldest first, but in turns (round robin with a quantum, as in Shreedhar & Varghese 1995): in each turn a
 * stream is served once, with up to `TURN` requests that it made together. A stream with few targets
 * never waits for all of one with many, nor does that one wait for ever.
 */
export class RequestQueue {
  /** By turn, then by age. */
  readonly #waiting: Request[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #counts = new Map<string, number>();
  /** The turn that is being served. */
  #turn = 0;

  get length(): number {
    return this.#waiting.length;
  }

  /** Requests of one stream that wait. */
  countOf(stream: string): number {
    return this.#counts.get(stream) ?? 0;
  }

  push(request: Request): void {
    const waiting = this.countOf(request.stream);
    let stream = this.#streams.get(request.stream);
    if (!stream || waiting === 0) {
      stream = { turn: Math.max(this.#turn, (stream?.turn ?? -1) + 1), left: TURN };
      if (this.#streams.size >= MANY_STREAMS) this.#forget();
      this.#streams.set(request.stream, stream);
    } else if (stream.left === 0) {
      stream.turn++;
      stream.left = TURN;
    }
    stream.left--;
    request.turn = stream.turn;
    this.#counts.set(request.stream, waiting + 1);
    let at = this.#waiting.length;
    while (at > 0 && this.#waiting[at - 1].turn > request.turn) at--;
    this.#waiting.splice(at, 0, request);
  }

  /** The first request and up to `largest - 1` of those behind it that can share its batch. */
  take(largest: number): Request[] {
    const waiting = this.#waiting;
    const [first] = waiting;
    const batch: Request[] = [];
    const passed: Request[] = [];
    let seen = 0;
    for (; seen < waiting.length && batch.length < largest; seen++)
      (alike(waiting[seen], first) ? batch : passed).push(waiting[seen]);
    waiting.splice(0, seen, ...passed);
    for (const request of batch) this.#leave(request);
    return batch;
  }

  /** Takes everything. */
  clear(): Request[] {
    this.#streams.clear();
    this.#counts.clear();
    return this.#waiting.splice(0);
  }

  #leave({ stream, turn }: Request): void {
    this.#turn = Math.max(this.#turn, turn);
    const left = this.countOf(stream) - 1;
    if (left > 0) this.#counts.set(stream, left);
    else this.#counts.delete(stream);
  }

  #forget(): void {
    for (const [name, { turn }] of this.#streams)
      if (turn < this.#turn && !this.#counts.has(name)) this.#streams.delete(name);
  }
}

function alike(a: Request, b: Request): boolean {
  return a.size === b.size && (a.template === undefined) === (b.template === undefined);
}
