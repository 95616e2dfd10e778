import type { TrackedFrame } from '../host.js';
import { makePicture, type Picture } from './preview.js';

/**
 * Makes previews of frames, one at a time per stream and width: while one is being made, further frames are passed over, so that what
 * cannot be made in time costs nothing.
 */
export class Previews {
  readonly #quality: number;
  readonly #busy = new Set<string>();
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
  make({ stream, frame }: TrackedFrame, width: number, onPicture: (picture: Picture) => void): void {
    const key = `${stream} ${width}`;
    if (this.#busy.has(key) || frame.y.length === 0) return;
    this.#busy.add(key);
    frame.retain();
    const begun = performance.now();
    makePicture(frame, width, this.#quality)
      .then((picture) => {
        this.#onMade((performance.now() - begun) / 1000);
        onPicture(picture);
      })
      .catch(this.#onFailed)
      .finally(() => {
        frame.release();
        this.#busy.delete(key);
      });
  }
}
