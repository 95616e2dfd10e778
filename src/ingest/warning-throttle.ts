const INTERVAL = 1000;

/** Passes a warning on at once, and of those that follow within a second the last, with how many there were. */
export class WarningThrottle {
  readonly #tell: (message: string) => void;
  #timer?: NodeJS.Timeout;
  #held = 0;
  #last = '';

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  add(message: string): void {
    if (this.#timer) {
      this.#held++;
      this.#last = message;
      return;
    }
    this.#tell(message);
    this.#timer = setTimeout(() => this.#flush(), INTERVAL);
    this.#timer.unref();
  }

  /** Tells what is held and stops. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#held > 0) this.#flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#held === 0) return;
    const more = this.#held - 1;
    const message = more > 0 ? `${this.#last} (and ${more} more)` : this.#last;
    this.#held = 0;
    this.add(message);
  }
}
