import { InvalidArgumentError } from '../../common/index.js';
import type { Frame } from '../../ingest/index.js';

/** A frame that has passed, and its place on the clock that trackers are given. */
export interface HeldFrame {
  readonly frame: Frame;
  /** Seconds; unlike pts it never goes back. */
  readonly seconds: number;
}

/** The newest frames of a stream, oldest first, at most so many and at most so many bytes of them. */
export class HeldFrames {
  readonly #count: number;
  readonly #bytes: number;
  readonly #held: HeldFrame[] = [];
  #size = 0;

  constructor({ count, bytes }: { readonly count: number; readonly bytes: number }) {
    if (!Number.isInteger(count) || count < 1)
      throw new InvalidArgumentError('count', 'an integer >= 1', count);
    if (!(bytes >= 0)) throw new InvalidArgumentError('bytes', 'a number of bytes', bytes);
    this.#count = count;
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#held.length;
  }

  /** Bytes of all pictures held. */
  get bytes(): number {
    return this.#size;
  }

  get first(): HeldFrame | undefined {
    return this.#held[0];
  }

  get last(): HeldFrame | undefined {
    return this.#held.at(-1);
  }

  /** Holds a frame, whose index is above all before it. One is always held, however large. */
  push(held: HeldFrame): void {
    held.frame.retain();
    this.#held.push(held);
    this.#size += sizeOf(held.frame);
    while (this.#held.length > this.#count || (this.#held.length > 1 && this.#size > this.#bytes))
      this.#drop();
  }

  /** The frame of this very index. */
  get(index: number): HeldFrame | undefined {
    const held = this.#held[this.#place(index)];
    return held?.frame.index === index ? held : undefined;
  }

  /** The oldest frame above an index. */
  after(index: number): HeldFrame | undefined {
    return this.#held[this.#place(index + 1)];
  }

  /** How many frames are held above an index. */
  countAfter(index: number): number {
    return this.#held.length - this.#place(index + 1);
  }

  clear(): void {
    while (this.#held.length > 0) this.#drop();
  }

  #drop(): void {
    const { frame } = this.#held.shift() as HeldFrame;
    this.#size -= sizeOf(frame);
    frame.release();
  }

  /** Where the first frame at or above an index is. */
  #place(index: number): number {
    let low = 0;
    let high = this.#held.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#held[middle].frame.index < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sizeOf({ y, u, v }: Frame): number {
  return y.byteLength + u.byteLength + v.byteLength;
}
