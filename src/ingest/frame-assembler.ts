import { Writable } from 'node:stream';
import { type FramePool, i420Size } from './frame-pool.js';

/** A picture on its way: what is known of it before its pixels. */
export interface Announced {
  readonly index: number;
  readonly pts: number;
  readonly width: number;
  readonly height: number;
  /** Its pixels are to be thrown away. */
  readonly skip: boolean;
}

/** A filled buffer and what was announced of it. */
export interface Assembled<N extends Announced = Announced> {
  readonly buffer: Uint8Array;
  readonly note: N;
  /** Milliseconds since the epoch at which its last byte came. */
  readonly wallTime: number;
}

/** What to do while no buffer is free, where waiting would let a live source fall behind. */
export interface LossyPolicy<N extends Announced> {
  /** May give a buffer back to the pool. */
  readonly makeRoom: () => void;
  /** There is still no buffer: this picture's pixels are thrown away. */
  readonly onLost: (note: N) => void;
}

/**
 * Cuts ffmpeg's raw output into pictures, by the sizes announced in its log. It takes in bytes only while
 * fewer than `readAhead` pictures wait and the pool has a buffer: that is the back-pressure. With a lossy policy
 * it always takes them in.
 */
export class FrameAssembler<N extends Announced = Announced> extends Writable {
  readonly #pool: FramePool;
  readonly #readAhead: number;
  readonly #onProgress: () => void;
  readonly #lossy?: LossyPolicy<N>;
  readonly #notes: N[] = [];
  readonly #ready: Assembled<N>[] = [];
  #filling?: { buffer?: Uint8Array; size: number; filled: number; note: N };
  #chunk?: Buffer;
  #offset = 0;
  #done?: () => void;
  #pumping = false;

  /** @param onProgress called when a picture becomes ready, and when none can for want of a buffer */
  constructor(pool: FramePool, readAhead: number, onProgress: () => void, lossy?: LossyPolicy<N>) {
    super({ highWaterMark: 1 << 19 });
    this.#pool = pool;
    this.#readAhead = readAhead;
    this.#onProgress = onProgress;
    this.#lossy = lossy;
  }

  /** A picture whose pixels are on their way. */
  announce(note: N): void {
    this.#notes.push(note);
    this.pump();
  }

  /** The oldest complete picture; its buffer is now the caller's to give back. */
  shift(): Assembled<N> | undefined {
    const first = this.#ready.shift();
    if (first) this.pump();
    return first;
  }

  /** Pixels wait and nothing is ready: only buffers held outside keep the next picture from being filled. */
  get starved(): boolean {
    const waiting = this.#chunk !== undefined && !this.#filling && this.#notes.length > 0;
    return waiting && this.#ready.length === 0 && this.#pool.out >= this.#pool.maxFrames;
  }

  /** At the end of output: a picture announced and not complete, which is an output cut short. */
  get incomplete(): boolean {
    return this.#filling !== undefined || this.#notes.length > 0;
  }

  /** Takes in whatever may be taken in now. */
  pump(): void {
    const chunk = this.#chunk;
    // Whoever is told of a picture may take it at once, which asks for more.
    if (!chunk || this.#pumping) return;
    this.#pumping = true;
    const empty = this.#consume(chunk);
    this.#pumping = false;
    if (!empty) return;
    const done = this.#done!;
    this.#chunk = undefined;
    this.#done = undefined;
    done();
  }

  /** Whether all of the chunk is taken in. */
  #consume(chunk: Buffer): boolean {
    while (this.#offset < chunk.length) {
      if (!this.#filling && !this.#begin()) return false;
      const filling = this.#filling!;
      const { buffer, size, filled, note } = filling;
      const count = Math.min(chunk.length - this.#offset, size - filled);
      buffer?.set(chunk.subarray(this.#offset, this.#offset + count), filled);
      filling.filled += count;
      this.#offset += count;
      if (filling.filled === size) {
        this.#filling = undefined;
        if (!buffer) continue;
        this.#ready.push({ buffer, note, wallTime: Date.now() });
        this.#onProgress();
      }
    }
    return true;
  }

  /** Gives every buffer back to the pool. Returns how many pictures were announced and are lost. */
  discard(): number {
    const lost = this.#ready.length + this.#notes.length + (this.#filling?.buffer ? 1 : 0);
    for (const { buffer } of this.#ready.splice(0)) this.#pool.put(buffer);
    if (this.#filling?.buffer) this.#pool.put(this.#filling.buffer);
    this.#filling = undefined;
    this.#notes.length = 0;
    return lost;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunk = chunk;
    this.#offset = 0;
    this.#done = done;
    this.pump();
  }

  #begin(): boolean {
    const note = this.#notes[0];
    if (!note || this.#ready.length >= this.#readAhead) return false;
    const size = i420Size(note.width, note.height);
    let buffer = note.skip ? undefined : this.#pool.take(size);
    if (!note.skip && !buffer && this.#lossy) {
      this.#lossy.makeRoom();
      buffer = this.#pool.take(size);
      if (!buffer) this.#lossy.onLost(note);
    } else if (!note.skip && !buffer) {
      this.#onProgress();
      return false;
    }
    this.#notes.shift();
    this.#filling = { buffer, size, filled: 0, note };
    return true;
  }
}
