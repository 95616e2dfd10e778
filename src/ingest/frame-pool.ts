import { InvalidArgumentError } from '../common/index.js';
import { IngestError } from './errors.js';
import type { Frame } from './frame.js';

/** Everything about a frame but its pixels. */
export interface FrameHeader {
  readonly width: number;
  readonly height: number;
  readonly range: Frame['range'];
  readonly matrix: Frame['matrix'];
  readonly index: number;
  readonly pts: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly wallTime?: number;
}

/** Bytes of an I420 picture without row padding: `w * h + 2 * ceil(w / 2) * ceil(h / 2)`. */
export function i420Size(width: number, height: number): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/**
 * Pixel buffers by reuse. At most `maxFrames` are out at a time; those that came back are handed out again while
 * the size stays the same, and forgotten when it changes.
 */
export class FramePool {
  readonly maxFrames: number;
  #free: Uint8Array[] = [];
  #out = 0;
  /** Called after each buffer that comes back. */
  onReturn: () => void = () => {};

  constructor(maxFrames: number) {
    if (!Number.isInteger(maxFrames) || maxFrames < 1) {
      throw new InvalidArgumentError('maxFrames', 'an integer of at least 1', maxFrames);
    }
    this.maxFrames = maxFrames;
  }

  /** Buffers now filled, queued or held by the consumer. */
  get out(): number {
    return this.#out;
  }

  /** A buffer of exactly `size` bytes, or `undefined` while `maxFrames` are out. Its content is arbitrary. */
  take(size: number): Uint8Array | undefined {
    if (this.#out >= this.maxFrames) return undefined;
    this.#out++;
    while (this.#free.length > 0) {
      const buffer = this.#free.pop()!;
      if (buffer.byteLength === size) return buffer;
    }
    return new Uint8Array(size);
  }

  /** Gives a taken buffer back. */
  put(buffer: Uint8Array): void {
    this.#out--;
    this.#free.push(buffer);
    this.onReturn();
  }

  /** Wraps a filled buffer of this pool as a frame with one reference. */
  frame(buffer: Uint8Array, header: FrameHeader): Frame {
    return new PooledFrame(this, buffer, header);
  }
}

class PooledFrame implements Frame {
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly range: Frame['range'];
  readonly matrix: Frame['matrix'];
  readonly index: number;
  readonly pts: number;
  readonly wallTime: number;
  readonly #pool: FramePool;
  readonly #buffer: Uint8Array;
  #references = 1;

  constructor(pool: FramePool, buffer: Uint8Array, header: FrameHeader) {
    const { width, height } = header;
    const luma = width * height;
    const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
    this.width = width;
    this.height = height;
    this.y = buffer.subarray(0, luma);
    this.u = buffer.subarray(luma, luma + chroma);
    this.v = buffer.subarray(luma + chroma, luma + 2 * chroma);
    this.range = header.range;
    this.matrix = header.matrix;
    this.index = header.index;
    this.pts = header.pts;
    this.wallTime = header.wallTime ?? Date.now();
    this.#pool = pool;
    this.#buffer = buffer;
  }

  retain(): this {
    this.#mustBeHeld('retain');
    this.#references++;
    return this;
  }

  release(): void {
    this.#mustBeHeld('release');
    if (--this.#references === 0) this.#pool.put(this.#buffer);
  }

  #mustBeHeld(what: string): void {
    if (this.#references > 0) return;
    throw new IngestError('FRAME_RELEASED', `${what}() on frame ${this.index} after its last release`);
  }
}
