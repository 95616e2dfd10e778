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

  /** Makes the picture of a frame and hands it on; nothing where that width of that stream is being made already, or there is no picture. */
  make(broadcast: Broadcast, width: number, onPicture: OnPicture): void {
    const wanting = this.#wanting.get(broadcast) ?? new Map<number, OnPicture[]>();
    this.#wanting.set(broadcast, wanting);
    const waiting = wanting.get(width);
    if (waiting) {
      waiting.push(onPicture);
      return;
    }
    const { stream, frame } = broadcast.tracked;
    const key = `${stream} ${width}`;
    if (this.#busy.has(key) || frame.y.length === 0) return;
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
      });
  }
}
