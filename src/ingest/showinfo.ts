/** What ffmpeg's `showinfo` filter says of one frame on its way out. */
export interface FrameNote {
  /** Seconds, exactly `pts * numerator / denominator` of the stream's time base; `undefined` where it has none. */
  readonly pts?: number;
  readonly width: number;
  readonly height: number;
  /** ffmpeg's names (`yuvj420p`, `tv`, `bt709`); only where colours are asked for and this ffmpeg tells them. */
  readonly pixelFormat?: string;
  readonly colourRange?: string;
  readonly colourSpace?: string;
}

const TIME_BASE = /config in time_base: (\d+)\/(\d+)/;
// Found anywhere in a line: another thread's message may precede it, and `duration` stands between in newer ones.
const FRAME = /\bn: *\d+ pts: *(NOPTS|-?\d+) pts_time:.*? s:(\d+)x(\d+) /;
const PIXEL_FORMAT = / fmt:(\w+) /;
const COLOUR = /\bcolor_range:(\w+) color_space:(\w+)/;

/**
 * Reads the lines of `showinfo` out of ffmpeg's log: the one channel by which a timestamp reaches us exactly, in the
 * container's own ticks, for raw pictures (a container around them would round, shift or repair it).
 */
export class ShowinfoParser {
  readonly #colours: boolean;
  #numerator = 0;
  #denominator = 1;
  #held?: FrameNote;

  /** @param colours tell of a frame only when its colours, which follow in a line of their own, are known */
  constructor(colours = false) {
    this.#colours = colours;
  }

  /** The frame a log line completes, or `undefined` for any other line. */
  parse(line: string): FrameNote | undefined {
    const frame = FRAME.exec(line);
    if (frame) {
      const note: FrameNote = {
        pts: frame[1] === 'NOPTS' ? undefined : (Number(frame[1]) * this.#numerator) / this.#denominator,
        width: Number(frame[2]),
        height: Number(frame[3]),
      };
      if (!this.#colours) return note;
      // An ffmpeg that does not tell of colours (before 4.1): the frame before must not wait for ever.
      const before = this.#held;
      this.#held = { ...note, pixelFormat: PIXEL_FORMAT.exec(line)?.[1] };
      return before;
    }
    if (this.#held) {
      const colour = COLOUR.exec(line);
      if (colour) {
        const note = { ...this.#held, colourRange: colour[1], colourSpace: colour[2] };
        this.#held = undefined;
        return note;
      }
    }
    const base = TIME_BASE.exec(line);
    if (base) {
      this.#numerator = Number(base[1]);
      this.#denominator = Number(base[2]);
    }
    return undefined;
  }
}
