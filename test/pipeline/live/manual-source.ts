import type { Frame } from '../../../src/ingest/index.js';
import type { StreamSource } from '../../../src/pipeline/live/stream-source.js';

/** Frames that a test hands in one by one. `held` counts references that nobody has released. */
export class ManualSource implements StreamSource {
  readonly kind = 'live';
  readonly info = undefined;
  skipped = 0;
  held = 0;
  #next = 0;
  #queue: (Frame | Error | undefined)[] = [];
  #wake: () => void = () => {};
  #idle: () => void = () => {};

  /** Hands in a frame and resolves when it has been taken and let go by the loop. */
  async push(
    options: { width?: number; height?: number; x?: number | null; index?: number } = {},
  ): Promise<number> {
    const index = options.index ?? this.#next;
    this.#next = index + 1;
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    this.#queue.push(this.#frame(index, options));
    this.#wake();
    await idle;
    return index;
  }

  fail(error: Error): void {
    this.#queue.push(error);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#queue.push(undefined);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame> {
    for (;;) {
      while (this.#queue.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const item = this.#queue.shift();
      if (item === undefined) return;
      if (item instanceof Error) throw item;
      yield item;
      // Asked for the next one: done with this one.
      this.#idle();
    }
  }

  /** A bright square of 40 pixels on grey, at `x` from the left, in the middle of the height; with null, grey alone. */
  #frame(
    index: number,
    { width = 160, height = 120, x = 20 + 2 * index }: { width?: number; height?: number; x?: number | null },
  ): Frame {
    const y = new Uint8Array(width * height).fill(80);
    for (let row = height / 2 - 20; x !== null && row < height / 2 + 20; row++)
      y.fill(220, row * width + x, row * width + x + 40);
    const chroma = new Uint8Array((width * height) / 4).fill(128);
    let references = 1;
    this.held++;
    const frame: Frame = {
      ...{ width, height, y, u: chroma, v: chroma, range: 'full', matrix: 'bt601' },
      ...{ index, pts: index / 25, wallTime: Date.now() },
      retain: () => {
        if (references === 0) throw new Error(`frame ${index} was retained after its last release`);
        references++;
        this.held++;
        return frame;
      },
      release: () => {
        if (references === 0) throw new Error(`frame ${index} was released too often`);
        references--;
        this.held--;
      },
    };
    return frame;
  }
}
