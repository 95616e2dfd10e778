/** What ffmpeg's `showinfo` filter says of one frame on its way out. */
export interface FrameNote {
  /** Seconds, exactly `pts * numerator / denominator` of the stream's time base; `undefined` where it has none. */
  readonly pts?: number;
  readonly width: number;
  readonly height: number;
}

const TIME_BASE = /config in time_base: (\d+)\/(\d+)/;
// Found anywhere in a line: another thread's message may precede it, and `duration` stands between in newer ones.
const FRAME = /\bn: *\d+ pts: *(NOPTS|-?\d+) pts_time:.*? s:(\d+)x(\d+) /;

/**
 * Reads the lines of `showinfo` out of ffmpeg's log: the one channel by which a timestamp reaches us exactly, in the
 * container's own ticks, for raw pictures (a container around them would round, shift or repair it).
 */
export class ShowinfoParser {
  #numerator = 0;
  #denominator = 1;

  /** The frame a log line speaks of, or `undefined` for any other line. */
  parse(line: string): FrameNote | undefined {
    const frame = FRAME.exec(line);
    if (frame) {
      return {
        pts: frame[1] === 'NOPTS' ? undefined : (Number(frame[1]) * this.#numerator) / this.#denominator,
        width: Number(frame[2]),
        height: Number(frame[3]),
      };
    }
    const base = TIME_BASE.exec(line);
    if (base) {
      this.#numerator = Number(base[1]);
      this.#denominator = Number(base[2]);
    }
    return undefined;
  }
}
