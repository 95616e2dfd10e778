/** A picture, and what came with it. */
export interface Decoded<Header, Picture> {
  readonly header: Header;
  readonly picture: Picture;
}

/**
 * Decodes pictures one at a time and in order. Of those that come meanwhile only the newest waits, so that what cannot be decoded in time
 * costs neither memory nor delay. One that cannot be decoded is left out.
 */
export class NewestPicture<Header, Picture> {
  readonly #decode: (jpeg: Uint8Array<ArrayBuffer>) => Promise<Picture>;
  readonly #onPicture: (decoded: Decoded<Header, Picture>) => void;
  #waiting: { readonly header: Header; readonly jpeg: Uint8Array<ArrayBuffer> } | undefined;
  #busy = false;
  /** Raised when what is under way is no longer wanted. */
  #turn = 0;

  constructor(
    decode: (jpeg: Uint8Array<ArrayBuffer>) => Promise<Picture>,
    onPicture: (decoded: Decoded<Header, Picture>) => void,
  ) {
    this.#decode = decode;
    this.#onPicture = onPicture;
  }

  push(header: Header, jpeg: Uint8Array<ArrayBuffer>): void {
    this.#waiting = { header, jpeg };
    if (!this.#busy) void this.#work();
  }

  /** Nothing that was pushed before comes out any more. */
  clear(): void {
    this.#turn++;
    this.#waiting = undefined;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting) {
      const { header, jpeg } = this.#waiting;
      const turn = this.#turn;
      this.#waiting = undefined;
      const picture = await this.#decode(jpeg).catch(() => undefined);
      if (picture !== undefined && turn === this.#turn) this.#onPicture({ header, picture });
    }
    this.#busy = false;
  }
}
