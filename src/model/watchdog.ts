/**
 * Notices that something under way does not get on. Timers are late where JavaScript was kept from running, and then
 * run before the messages that came meanwhile: so it counts only after those were heard.
 */
export class Watchdog {
  readonly #onHang: () => void;
  #timer: NodeJS.Timeout | undefined;
  #generation = 0;

  constructor(onHang: () => void) {
    this.#onHang = onHang;
  }

  /** Expects the next `start` or `stop` within `ms`. */
  start(ms: number): void {
    this.stop();
    const generation = this.#generation;
    this.#timer = setTimeout(() => {
      // Two turns: the first one's messages may have come in while its callbacks ran.
      setImmediate(() => setImmediate(() => generation === this.#generation && this.#onHang()));
    }, ms);
    this.#timer.unref();
  }

  stop(): void {
    this.#generation++;
    clearTimeout(this.#timer);
  }
}
