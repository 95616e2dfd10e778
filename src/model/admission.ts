/** What admission is decided by. */
export interface Backlog {
  /** Milliseconds until `requests` more than what waits and is under way would be done. */
  readonly msFor: (requests: number) => number;
  /** Requests of a stream that wait or are under way. */
  readonly countOf: (stream: string) => number;
  readonly now: () => number;
}

interface Grant {
  /** Requests the stream is expected to make. */
  left: number;
  readonly at: number;
}

interface Waiter {
  readonly stream: string;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** A stream that was let in and asks for nothing within this time has given its place up; milliseconds. */
const LONGEST_GRANT_MS = 1000;

/**
 * Lets streams in, one frame each, as fast as the engines work frames off: first come, first served. A live
 * source that waits here for its next frame, and then takes the newest, never sees its frames grow old in a queue.
 */
export class Admission {
  readonly #backlog: Backlog;
  readonly #budgetMs: number;
  readonly #waiters: Waiter[] = [];
  readonly #grants = new Map<string, Grant>();
  /** Requests each stream made since it was last let in. */
  readonly #made = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(backlog: Backlog, budgetMs: number) {
    this.#backlog = backlog;
    this.#budgetMs = budgetMs;
  }

  /** Streams that wait. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** Resolves when `stream` may ask for a frame's worth of requests. */
  admit(stream: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const end = () => signal?.removeEventListener('abort', abort);
      const waiter: Waiter = {
        stream,
        resolve: () => {
          end();
          resolve();
        },
        reject: (reason) => {
          end();
          reject(reason);
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waiters.push(waiter);
      this.check();
    });
  }

  /** A stream made a request. */
  made(stream: string): void {
    if (!this.#made.has(stream)) return;
    this.#made.set(stream, (this.#made.get(stream) ?? 0) + 1);
    const grant = this.#grants.get(stream);
    if (grant && --grant.left <= 0) this.#grants.delete(stream);
  }

  /** Forgets a stream. */
  leave(stream: string): void {
    this.#made.delete(stream);
    this.#grants.delete(stream);
    this.check();
  }

  /** Lets in whoever can be; to be called whenever work was done. */
  check(): void {
    if (this.#waiters.length === 0) return;
    for (const [stream, grant] of this.#grants)
      if (this.#backlog.now() - grant.at > LONGEST_GRANT_MS) this.#grants.delete(stream);
    for (let k = 0; k < this.#waiters.length; ) {
      const { stream } = this.#waiters[k];
      // Its last frame first: it would only be overtaken by itself.
      if (this.#backlog.countOf(stream) > 0) k++;
      else if (this.#fits()) {
        const [waiter] = this.#waiters.splice(k, 1);
        this.#grants.set(stream, { left: Math.max(1, this.#made.get(stream) ?? 1), at: this.#backlog.now() });
        this.#made.set(stream, 0);
        waiter.resolve();
      } else break;
    }
    clearTimeout(this.#timer);
    if (this.#waiters.length > 0 && this.#grants.size > 0) {
      this.#timer = setTimeout(() => this.check(), LONGEST_GRANT_MS + 1);
    }
  }

  dispose(reason: unknown): void {
    clearTimeout(this.#timer);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(reason);
  }

  #fits(): boolean {
    let granted = 0;
    for (const { left } of this.#grants.values()) granted += left;
    const ms = this.#backlog.msFor(granted);
    return ms === 0 || ms <= this.#budgetMs;
  }
}
