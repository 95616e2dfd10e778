import type { Writable } from 'node:stream';
import { FfmpegLog } from './ffmpeg-log.js';
import { type FfmpegExit, FfmpegProcess } from './ffmpeg-process.js';
import { type FrameNote, ShowinfoParser } from './showinfo.js';

export interface DecoderOptions {
  /** The ffmpeg program and its version, see `ffmpegVersion`. */
  readonly path: string;
  readonly version: number;
  readonly inputOptions: readonly string[];
  /** The input as ffmpeg names it. */
  readonly input: string;
  /** Filters that lead to 4:2:0 8-bit planes. */
  readonly filter: string;
  /** Receives the pixels. Each frame must be announced to it in `onFrame`. */
  readonly assembler: Writable;
  /** Wait for each frame's colour before telling of it. */
  readonly colours?: boolean;
  /** ffmpeg said something, whatever it is. */
  readonly onSign: () => void;
  /** A frame has left the decoder and its pixels follow. */
  readonly onFrame: (note: FrameNote) => void;
  /** Each line of the log, those of frames too. */
  readonly onLine: (line: string) => void;
}

/** One run of ffmpeg from an input to raw pictures, each with its own size and time: what files and live sources share. */
export class Decoder {
  /** What went wrong, as far as the log tells. */
  readonly log = new FfmpegLog();
  /** Resolves when the process has gone and all it wrote is taken in; rejects if it never started. */
  readonly ended: Promise<FfmpegExit>;
  readonly #process: FfmpegProcess;

  constructor(options: DecoderOptions) {
    const showinfo = new ShowinfoParser(options.colours);
    this.#process = new FfmpegProcess({
      path: options.path,
      inputOptions: [
        ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+info', '-copyts'],
        ...options.inputOptions,
      ],
      input: options.input,
      outputOptions: [
        ...['-map', '0:V:0', '-vf', `${options.filter},showinfo=checksum=0`],
        ...(options.version >= 5.01 ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough']),
        // A change of size in mid-stream comes through as it is.
        ...(options.version >= 4.04 ? ['-autoscale', '0'] : []),
        ...['-c:v', 'rawvideo', '-threads', '1', '-avioflags', 'direct', '-f', 'rawvideo'],
      ],
      output: options.assembler,
      onLine: (line) => {
        options.onSign();
        const note = showinfo.parse(line);
        if (note) options.onFrame(note);
        // Another thread's message may share the line with a frame's.
        options.onLine(line);
      },
    });
    const assembled = new Promise<void>((resolve) => {
      options.assembler.once('finish', resolve).once('close', resolve);
    });
    options.assembler.on('error', () => {});
    this.ended = Promise.all([this.#process.exited, assembled]).then(([exit]) => exit);
    this.ended.catch(() => {});
  }

  /** Ends the process, see {@link FfmpegProcess.stop}. Pixels on their way are lost; the assembler stays the caller's. */
  stop(killTimeout: number): Promise<void> {
    return this.#process.stop(killTimeout);
  }
}
