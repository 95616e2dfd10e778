import { InvalidArgumentError } from '../common/index.js';
import type { ReconnectOptions } from './live.js';

/** How long to wait before each new attempt; see {@link ReconnectOptions}. */
export class Backoff {
  readonly #initial: number;
  readonly #factor: number;
  readonly #max: number;
  readonly #jitter: number;
  readonly #attempts: number;
  #failures = 0;

  constructor(options: ReconnectOptions) {
    this.#initial = bounded('reconnect.initialMs', options.initialMs ?? 500, 0, 86_400_000);
    this.#factor = bounded('reconnect.factor', options.factor ?? 2, 1, 100);
    this.#max = bounded('reconnect.maxMs', options.maxMs ?? 30_000, 0, 86_400_000);
    this.#jitter = bounded('reconnect.jitter', options.jitter ?? 0.5, 0, 1);
    this.#attempts = options.attempts ?? Number.POSITIVE_INFINITY;
    if (
      !(this.#attempts === Number.POSITIVE_INFINITY || Number.isInteger(this.#attempts)) ||
      this.#attempts < 0
    ) {
      throw new InvalidArgumentError('reconnect.attempts', 'an integer of at least 0', options.attempts);
    }
  }

  /** Number of the attempt that is next or under way, from 1. */
  get attempt(): number {
    return this.#failures + 1;
  }

  /** After a failure: milliseconds until the next attempt, or `undefined` where that was one too many. */
  next(): number | undefined {
    if (this.#failures >= this.#attempts) return undefined;
    // The power alone overflows to infinity after a thousand failures; the minimum takes care of that, and of 0 * Infinity.
    const full =
      this.#initial === 0 ? 0 : Math.min(this.#max, this.#initial * this.#factor ** this.#failures);
    this.#failures++;
    return Math.round(full * (1 - this.#jitter * Math.random()));
  }

  reset(): void {
    this.#failures = 0;
  }
}

function bounded(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) {
    throw new InvalidArgumentError(name, `a number from ${least} to ${most}`, value);
  }
  return value;
}
