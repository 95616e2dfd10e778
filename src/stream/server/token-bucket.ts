/** Allows so many a second, in bursts of twice that. */
export class TokenBucket {
  readonly #rate: number;
  #level: number;
  #then: number;

  constructor(rate: number, now = performance.now()) {
    this.#rate = rate;
    this.#level = 2 * rate;
    this.#then = now;
  }

  /** Takes one; false where there is none. */
  take(now = performance.now()): boolean {
    this.#level = Math.min(2 * this.#rate, this.#level + ((now - this.#then) / 1000) * this.#rate);
    this.#then = now;
    if (this.#level < 1) return false;
    this.#level--;
    return true;
  }
}

/** Picks of a row of frames at most so many a second, evenly, also where their times jitter. */
export class Pace {
  readonly #interval: number;
  #due = Number.NEGATIVE_INFINITY;

  constructor(rate: number) {
    this.#interval = 1000 / rate;
  }

  /** @param now milliseconds on a clock that never goes back */
  due(now: number): boolean {
    if (now < this.#due) return false;
    this.#due = Math.max(this.#due + this.#interval, now);
    return true;
  }
}
