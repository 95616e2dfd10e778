import type { StreamHost, TrackedFrame } from '../host.js';
import { Broadcast } from './broadcast.js';

/** The newest frame of each stream, held until the next one comes. */
export class NewestFrames {
  readonly #host: StreamHost;
  readonly #frames = new Map<string, TrackedFrame>();

  constructor(host: StreamHost) {
    this.#host = host;
  }

  keep(tracked: TrackedFrame): void {
    tracked.frame.retain();
    this.forget(tracked.stream);
    this.#frames.set(tracked.stream, tracked);
  }

  forget(stream: string): void {
    this.#frames.get(stream)?.frame.release();
    this.#frames.delete(stream);
  }

  /** A stream's frame with its targets as they stand: some may have come, and gone, since it was told. */
  of(stream: string): Broadcast | undefined {
    const tracked = this.#frames.get(stream);
    const info = this.#host.streams.find((one) => one.stream === stream);
    if (!tracked || !info) return undefined;
    const targets = info.targets.filter(({ frame }) => frame === tracked.frame.index);
    return new Broadcast({ ...tracked, targets });
  }

  clear(): void {
    for (const stream of [...this.#frames.keys()]) this.forget(stream);
  }
}
