/** Messages between a connection and whoever iterates them; the oldest are forgotten above a number. */
export class MessageQueue<T> implements AsyncIterableIterator<T> {
  readonly #most: number;
  readonly #onEnd: () => void;
  readonly #messages: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(most: number, onEnd: () => void) {
    this.#most = most;
    this.#onEnd = onEnd;
  }

  push(message: T): void {
    this.#messages.push(message);
    if (this.#messages.length > this.#most) this.#messages.shift();
    this.#wake?.();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#messages.length === 0) {
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#messages.shift() as T };
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
