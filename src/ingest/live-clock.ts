/** Most seconds by which a container's clock may run ahead of the wall clock between two frames before it counts as a jump. */
const JUMP = 10;

/**
 * One clock for a source's whole life, in seconds, that always grows: the container's own while it goes on, and the
 * wall clock's progress over every break in it.
 */
export class LiveClock {
  #offset = 0;
  #last?: number;
  #lastWall = 0;
  #broken = false;

  /** The next frame comes from another connection: its container's clock has nothing to do with the one before. */
  restart(): void {
    this.#broken = true;
  }

  /**
   * @param pts seconds as the container says; `undefined` where it says nothing
   * @param wall milliseconds, of any clock that does not go backwards
   */
  tick(pts: number | undefined, wall: number): number {
    let time: number;
    if (this.#last === undefined) {
      time = pts ?? 0;
      if (pts === undefined) this.#broken = true;
      else this.#broken = false;
    } else {
      const passed = Math.max((wall - this.#lastWall) / 1000, 0.001);
      const next = pts === undefined ? undefined : pts + this.#offset;
      const step = next === undefined ? Number.NaN : next - this.#last;
      if (!this.#broken && step > 0 && step <= passed + JUMP) {
        time = next!;
      } else {
        time = this.#last + passed;
        if (pts !== undefined) this.#offset = time - pts;
        this.#broken = pts === undefined;
      }
    }
    this.#last = time;
    this.#lastWall = wall;
    return time;
  }
}
