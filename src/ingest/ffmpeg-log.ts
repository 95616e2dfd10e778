const KEPT = 6;
const LEVEL = /\[(warning|error|fatal|panic)\] /;
// What demuxers and the input loop say when the file stops before its own promise; a decoder that meets damage says
// "Error while decoding stream" or "Error submitting packet" and goes on with the next packet.
const CUT =
  /partial file|ended prematurely|error during demuxing|error reading header|input\/output error|truncat|^[^[]*\[error\] file:.*: /i;
const DECODER = /error while decoding|error submitting packet|decode error rate|processing frame/i;

/** Sorts the complaints out of ffmpeg's log (run with `-loglevel level+...`). */
export class FfmpegLog {
  #problems: string[] = [];
  #cut?: string;

  /**
   * @returns the complaint without address and level where the line is one of level `error` or worse, else
   *   `undefined`
   */
  add(line: string): string | undefined {
    const level = LEVEL.exec(line);
    if (!level || level[1] === 'warning') return undefined;
    const message = line.replace(LEVEL, '').replace(/ @ 0x[0-9a-f]+\]/g, ']');
    this.#problems.push(message);
    if (this.#problems.length > KEPT) this.#problems.shift();
    if (CUT.test(line) && !DECODER.test(line)) this.#cut ??= message;
    return message;
  }

  /** The first complaint that means the input stopped before its end. */
  get cut(): string | undefined {
    return this.#cut;
  }

  /** The last few complaints, for an error message. */
  get tail(): string {
    return this.#problems.join('; ');
  }
}
