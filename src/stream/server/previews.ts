import type { Broadcast } from './broadcast.js';
import { makePicture, type Picture } from './preview.js';

type OnPicture = (picture: Picture) => void;

/**
 * Makes previews of frames, one at a time per stream and width: while one is being made, further frames are passed over, so that what
 * cannot be made in time costs nothing.
 */
export class Previews {
  readonly #quality: number;
  readonly #busy = new Set<string>();
  /** What is to be made after what is being made, by stream and width. */
  readonly #after = new Map<string, (() => void)[]>();
  /** Who waits for the picture of a frame, by its width: they share one. */
  readonly #wanting = new WeakMap<Broadcast, Map<number, OnPicture[]>>();
  readonly #onMade: (seconds: number) => void;
  readonly #onFailed: (error: unknown) => void;

  constructor(options: {
    readonly quality: number;
    readonly onMade: (seconds: number) => void;
    readonly onFailed: (error: unknown) => void;
  }) {
    this.#quality = options.quality;
    this.#onMade = options.onMade;
    this.#onFailed = options.onFailed;
  }

  /**
   * Makes the picture of a frame and hands it on; nothing where there is no picture, or that width of that stream is being made already.
   * @param must then it is made after that one: no other frame may come
   */
  make(broadcast: Broadcast, width: number, onPicture: OnPicture, must = false): void {
    const wanting = this.#wanting.get(broadcast) ?? new Map<number, OnPicture[]>();
    this.#wanting.set(broadcast, wanting);
    const waiting = wanting.get(width);
    if (waiting) {
      waiting.push(onPicture);
      return;
    }
    const { stream, frame } = broadcast.tracked;
    const key = `${stream} ${width}`;
    if (frame.y.length === 0) return;
    if (this.#busy.has(key)) {
      if (!must) return;
      frame.retain();
      this.#later(key, () => {
        this.make(broadcast, width, onPicture, true);
        frame.release();
      });
      return;
    }
    const all = [onPicture];
    wanting.set(width, all);
    this.#busy.add(key);
    frame.retain();
    const begun = performance.now();
    makePicture(frame, width, this.#quality)
      .then((picture) => {
        this.#onMade((performance.now() - begun) / 1000);
        wanting.delete(width);
        for (const then of all) then(picture);
      })
      .catch(this.#onFailed)
      .finally(() => {
        frame.release();
        this.#busy.delete(key);
        const waiting = this.#after.get(key) ?? [];
        this.#after.delete(key);
        for (const make of waiting) make();
      });
  }

  #later(key: string, make: () => void): void {
    const waiting = this.#after.get(key);
    if (waiting) waiting.push(make);
    else this.#after.set(key, [make]);
  }
}
