/** How far the server's clock is ahead of this one, from pings. */
export class ServerClock {
  #offset = 0;
  #trip = Number.POSITIVE_INFINITY;

  /** Milliseconds since the epoch by the server's clock. */
  now(here = Date.now()): number {
    return here + this.#offset;
  }

  /** Takes an answer: the quickest one tells best. All in milliseconds; `sent` and `received` by this clock. */
  answer(sent: number, received: number, server: number): void {
    const trip = received - sent;
    // Clocks drift: an old best answer slowly ceases to count.
    this.#trip *= 1.1;
    if (trip > this.#trip) return;
    this.#trip = trip;
    this.#offset = server - (sent + received) / 2;
  }

  forget(): void {
    this.#trip = Number.POSITIVE_INFINITY;
  }
}

/** How often something happened of late, and the middle of a value that came with it. */
export class Recent {
  readonly #span: number;
  readonly #events: { readonly at: number; readonly value: number }[] = [];

  /** @param span milliseconds that count as of late */
  constructor(span = 3000) {
    this.#span = span;
  }

  add(at: number, value = 0): void {
    this.#events.push({ at, value });
    this.#forget(at);
  }

  /** Events per second; undefined while fewer than two are known. */
  rate(now: number): number | undefined {
    this.#forget(now);
    const { length } = this.#events;
    if (length < 2) return undefined;
    // When they have ceased to come, the rate falls.
    const newest = this.#events[length - 1].at;
    const mean = (newest - this.#events[0].at) / (length - 1);
    const span = now - newest > 3 * mean ? now - this.#events[0].at : newest - this.#events[0].at;
    return span > 0 ? ((length - 1) * 1000) / span : undefined;
  }

  median(now: number): number | undefined {
    this.#forget(now);
    const values = this.#events.map(({ value }) => value).sort((a, b) => a - b);
    return values[values.length >> 1];
  }

  clear(): void {
    this.#events.length = 0;
  }

  #forget(now: number): void {
    let old = 0;
    while (old < this.#events.length && this.#events[old].at < now - this.#span) old++;
    if (old > 0) this.#events.splice(0, old);
  }
}
