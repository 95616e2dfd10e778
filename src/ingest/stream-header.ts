import type { SourceInfo } from './source.js';

const INPUT = /\[info\] Input #0, ([^ ]+), from /;
const DURATION = /\[info\] +Duration: (?:(\d+):(\d+):(\d+(?:\.\d+)?)|N\/A)/;
const VIDEO = /\[info\] +Stream #0:\d+[^ ]*: Video: (\w+)(?: \([^)]*\))*, (\w+)(.*)$/;
const ROTATION = /displaymatrix: rotation of (-?\d+(?:\.\d+)?) degrees/;

/** Reads what ffmpeg says of its input before the first frame: what ffprobe would say, without a second connection. */
export class StreamHeader {
  #complete = false;
  #format?: string;
  #duration?: number;
  #codec?: string;
  #pixelFormat?: string;
  #frameRate?: number;
  #rotation: SourceInfo['rotation'] = 0;

  /** @returns whether this line completed it */
  add(line: string): boolean {
    if (this.#complete) return false;
    if (line.includes('Stream mapping:')) {
      this.#complete = true;
      return true;
    }
    const input = INPUT.exec(line);
    if (input) this.#format = input[1];
    const duration = DURATION.exec(line);
    if (duration?.[1]) {
      const seconds = (Number(duration[1]) * 60 + Number(duration[2])) * 60 + Number(duration[3]);
      // A live FLV says 0.
      this.#duration = seconds > 0 ? seconds : undefined;
    }
    const video = VIDEO.exec(line);
    // The first that is not a cover, as it will be mapped.
    if (video && !this.#codec && !line.includes('(attached pic)')) {
      [, this.#codec, this.#pixelFormat] = video;
      const rate = /, (\d+(?:\.\d+)?) fps/.exec(video[3]) ?? /, (\d+(?:\.\d+)?) tbr/.exec(video[3]);
      // Pictures that come one by one have no rate; 25 is ffmpeg's guess.
      if (rate && this.#format !== 'mpjpeg') this.#frameRate = Number(rate[1]);
    }
    const rotation = ROTATION.exec(line);
    if (rotation && this.#codec) {
      this.#rotation = ((((Math.round(-Number(rotation[1]) / 90) % 4) + 4) % 4) *
        90) as SourceInfo['rotation'];
    }
    return false;
  }

  /** ffmpeg's name of the container or protocol (`rtsp`, `hls`, `mpjpeg`); `undefined` until it is open. */
  get format(): string | undefined {
    return this.#format;
  }

  /** Seconds, where the input has an end in sight. */
  get duration(): number | undefined {
    return this.#duration;
  }

  /** ffmpeg's name of the coded pixel format. */
  get pixelFormat(): string | undefined {
    return this.#pixelFormat;
  }

  /** @param width of the first frame, upright */
  info(width: number, height: number): SourceInfo {
    return {
      kind: 'live',
      width,
      height,
      frameRate: this.#frameRate,
      duration: this.#duration,
      codec: this.#codec,
      rotation: this.#rotation,
    };
  }
}
