const LONGEST_WAIT_MS = 2;

/**
 * Lets the videos of one process take their frames to the shared encoder together, so that its threads share out what they ask; a request
 * that comes alone is computed on the calling thread, where the next one could not even be made meanwhile. Nobody waits for longer than
 * 2 ms for the others, and what is computed does not depend on it.
 */
export class Gate {
  #members = 0;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** A video that will come again and again, until the returned function is called. */
  join(): () => void {
    this.#members++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#members--;
      this.#openIfAll();
    };
  }

  /** Resolves when the others are there, too, or are late. */
  pass(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#timer ??= setTimeout(() => this.#open(), LONGEST_WAIT_MS);
      this.#openIfAll();
    });
  }

  #openIfAll(): void {
    if (this.#waiting.length > 0 && this.#waiting.length >= this.#members) this.#open();
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }
}
