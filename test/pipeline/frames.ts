import type { Frame } from '../../src/ingest/index.js';

/** Frames that know who holds them: moving grey squares, `held` counts the references not yet released. */
export class CountedFrames {
  held = 0;
  asked = 0;
  closed = false;

  readonly #count: number;
  readonly #failAt: number;
  readonly #size: number;

  /** @param failAt the index of the frame in whose place an error is thrown */
  constructor(count: number, { failAt = Number.POSITIVE_INFINITY, size = 64 } = {}) {
    this.#count = count;
    this.#failAt = failAt;
    this.#size = size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
    try {
      for (let index = 0; index < this.#count; index++) {
        this.asked++;
        if (index === this.#failAt) throw new Error(`frame ${index} is broken`);
        await Promise.resolve();
        yield this.#frame(index);
      }
    } finally {
      this.closed = true;
    }
  }

  #frame(index: number): Frame {
    const size = this.#size;
    const chroma = new Uint8Array((size / 2) ** 2).fill(128);
    let references = 1;
    this.held++;
    const frame: Frame = {
      width: size,
      height: size,
      y: new Uint8Array(size * size).fill(index % 256),
      u: chroma,
      v: chroma,
      range: 'full',
      matrix: 'bt601',
      index,
      pts: index / 10,
      wallTime: 0,
      retain: () => {
        references++;
        return frame;
      },
      release: () => {
        if (references === 0) throw new Error(`frame ${index} was released too often`);
        if (--references === 0) this.held--;
      },
    };
    return frame;
  }
}
