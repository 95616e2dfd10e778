import type { HostListener } from './host.js';

/** Those who listen to a host; `all` tells each of them. */
export class HostListeners {
  readonly #listeners = new Set<HostListener>();
  readonly all: HostListener = {
    onFrame: (tracked) => {
      for (const listener of this.#listeners) listener.onFrame(tracked);
    },
    onTarget: (event) => {
      for (const listener of this.#listeners) listener.onTarget(event);
    },
    onStream: (event) => {
      for (const listener of this.#listeners) listener.onStream(event);
    },
  };

  /** @returns what ends it */
  add(listener: HostListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
