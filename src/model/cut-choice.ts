/** Who cuts crops: the engine on its device, or the processor, which copies them there. */
export type Cutter = 'device' | 'processor';

/** Calls of each that are timed; the first of each compiles kernels and does not count. */
const TRIALS = 4;

interface Trials {
  calls: number;
  best: number;
}

/**
 * Finds out who cuts crops faster, for each kind of batch on its own: a device takes about as long for one crop as for many, the
 * processor so much for each. The first batches of a kind are cut by each in turn, the rest by the faster one.
 */
export class CutChoice {
  readonly #kinds = new Map<string, Record<Cutter, Trials>>();
  #refused = false;

  next(kind: string): Cutter {
    if (this.#refused) return 'processor';
    const { device, processor } = this.#of(kind);
    if (Math.min(device.calls, processor.calls) < TRIALS)
      return device.calls <= processor.calls ? 'device' : 'processor';
    return device.best < processor.best ? 'device' : 'processor';
  }

  took(kind: string, cutter: Cutter, ms: number): void {
    const trials = this.#of(kind)[cutter];
    if (trials.calls > 0) trials.best = Math.min(trials.best, ms);
    trials.calls++;
  }

  /** The device cannot: from now on it is the processor. */
  refuse(): void {
    this.#refused = true;
  }

  #of(kind: string): Record<Cutter, Trials> {
    let found = this.#kinds.get(kind);
    if (!found) {
      const none = () => ({ calls: 0, best: Number.POSITIVE_INFINITY });
      found = { device: none(), processor: none() };
      this.#kinds.set(kind, found);
    }
    return found;
  }
}
