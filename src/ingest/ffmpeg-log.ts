const KEPT = 6;
const LEVEL = /\[(warning|error|fatal|panic)\] /;
// What demuxers and the input loop say when a file stops before its own promise; a decoder that meets damage says
// "Error while decoding stream" (to 6) or "Error submitting packet" (from 7) and goes on with the next packet.
const CUT =
  /partial file|failed to reconnect|end(?:ed|s) prematurely|error during demuxing|error reading header|input\/output error|^[^[]*\[error\] (?:file|https?):.*: /i;
const RESUMED = /\[warning\] will reconnect at \d+/i;
const UNDECODED = /error while decoding stream|error submitting packet/i;
// Marks that libavformat and libavcodec put on a packet read in part and on a frame decoded in part.
const CORRUPT = /packet corrupt|corrupt input packet|corrupt decoded frame/i;
// What every MPEG-like decoder says, for information, of a frame that it had to make up in part. Whether libavcodec marks that frame
// depends on how its threads race. The message may stand behind another thread's, without its own level.
const CONCEALED = /concealing \d+ DC, \d+ AC, \d+ MV errors.*/i;
// What the raw output, whose own clock is too coarse for a stream's times, says of times it does not carry anyway.
const IDLE = /non monotonically increasing dts to muxer|invalid dts: .* next dts/i;

/** Sorts the complaints out of ffmpeg's log (run with `-loglevel level+...`). */
export class FfmpegLog {
  #problems: string[] = [];
  #cut?: string;
  #damagedAt?: number;

  /**
   * @param frame how many frames had been announced before this line
   * @returns the complaint without address and level where the line tells of damage, else `undefined`
   */
  add(line: string, frame: number): string | undefined {
    // What broke off is being taken up again where it broke.
    if (RESUMED.test(line)) this.#cut = undefined;
    const concealed = CONCEALED.exec(line)?.[0];
    if (concealed) {
      this.#damagedAt = frame;
      this.#keep(concealed);
      return undefined;
    }
    const level = LEVEL.exec(line)?.[1];
    if (!level || IDLE.test(line)) return undefined;
    const undecoded = UNDECODED.test(line);
    const corrupt = CORRUPT.test(line);
    if (level === 'warning' && !corrupt) return undefined;
    const message = line.replace(LEVEL, '').replace(/ @ 0x[0-9a-f]+\]/g, ']');
    this.#keep(message);
    if (undecoded || corrupt) this.#damagedAt = frame;
    else if (CUT.test(line)) this.#cut ??= message;
    return message;
  }

  #keep(problem: string): void {
    this.#problems.push(problem);
    if (this.#problems.length > KEPT) this.#problems.shift();
  }

  /** The first complaint that means the input stopped before its end. */
  get cut(): string | undefined {
    return this.#cut;
  }

  /** How many frames had been announced when a packet or frame was last found to be incomplete. */
  get damagedAt(): number | undefined {
    return this.#damagedAt;
  }

  /** The last few complaints, for an error message. */
  get tail(): string {
    return this.#problems.join('; ');
  }
}
