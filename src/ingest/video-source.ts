import { availableParallelism } from 'node:os';
import { IngestError } from './errors.js';
import { FfmpegLog } from './ffmpeg-log.js';
import { FfmpegProcess } from './ffmpeg-process.js';
import { ffmpegPath, ffmpegVersion, fileUrl } from './ffmpeg-tools.js';
import type { Frame } from './frame.js';
import { FrameAssembler } from './frame-assembler.js';
import { FramePool } from './frame-pool.js';
import { probeVideo, type VideoProbe } from './probe.js';
import { ShowinfoParser } from './showinfo.js';
import type { FrameSource, SourceInfo, SourceOptions } from './source.js';

const DEFAULTS = { readAhead: 4, maxFrames: 64, stallTimeout: 60_000, killTimeout: 500 };

/** Most frames that a decoder holds back to put them in order, threads aside. */
const END_DELAY = 4;

/** Looks at a video file; decoding starts with the first frame asked for. */
export async function openVideo(path: string, options: SourceOptions): Promise<FrameSource> {
  const timeout = options.stallTimeout ?? DEFAULTS.stallTimeout;
  const [version, probe] = await Promise.all([
    ffmpegVersion(ffmpegPath(options), timeout),
    probeVideo(path, options),
  ]);
  return new VideoSource(path, probe, version, options);
}

class VideoSource implements FrameSource {
  readonly info: SourceInfo;
  readonly #path: string;
  readonly #probe: VideoProbe;
  readonly #version: number;
  readonly #options: SourceOptions & typeof DEFAULTS;
  readonly #pool: FramePool;
  readonly #assembler: FrameAssembler;
  readonly #showinfo = new ShowinfoParser();
  readonly #log = new FfmpegLog();
  #process?: FfmpegProcess;
  #iterated = false;
  #closing?: Promise<void>;
  #failure?: unknown;
  /** All pixels are assembled and the process has gone. */
  #ended = false;
  #announced = 0;
  #lastPts?: number;
  #lastSign = 0;
  #wake: () => void = () => {};

  constructor(path: string, probe: VideoProbe, version: number, options: SourceOptions) {
    this.info = probe.info;
    this.#path = path;
    this.#probe = probe;
    this.#version = version;
    this.#options = { ...DEFAULTS, ...options };
    this.#pool = new FramePool(this.#options.maxFrames);
    this.#assembler = new FrameAssembler(this.#pool, this.#options.readAhead, () => this.#wake());
    this.#pool.onReturn = () => this.#assembler.pump();
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): AsyncIterator<Frame, undefined> {
    if (this.#iterated) {
      throw new IngestError('SOURCE_BUSY', `${this.#path}: a source is iterated once; open it again`);
    }
    this.#iterated = true;
    return {
      next: async () => {
        try {
          const value = await this.#next();
          return value ? { done: false, value } : { done: true, value: undefined };
        } catch (error) {
          // A for-await loop does not call return() on an iterator that throws.
          await this.close();
          throw error;
        }
      },
      return: async () => {
        await this.close();
        return { done: true, value: undefined };
      },
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = () => {
    void this.close();
  };

  async #close(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#wake();
    await this.#process?.stop(this.#options.killTimeout);
    this.#assembler.destroy();
    this.#assembler.discard();
    this.#wake();
  }

  async #next(): Promise<Frame | undefined> {
    this.#options.signal?.throwIfAborted();
    if (!this.#process && !this.#closing) this.#start();
    const since = Date.now();
    for (;;) {
      this.#options.signal?.throwIfAborted();
      if (this.#closing) return undefined;
      const item = this.#assembler.shift();
      if (item) {
        const { range, matrix } = this.#probe.colour;
        return this.#pool.frame(item.buffer, { ...item.note, range, matrix });
      }
      if (this.#failure) throw this.#failure;
      if (this.#ended) {
        await this.close();
        return undefined;
      }
      if (this.#assembler.starved) {
        throw new IngestError(
          'POOL_EXHAUSTED',
          `expected frames to be released, got ${this.#pool.out} held at once (maxFrames ${this.#pool.maxFrames})`,
        );
      }
      await this.#sign(since);
    }
  }

  /** Waits for anything to change; throws when nothing does for `stallTimeout`. */
  async #sign(since: number): Promise<void> {
    const quiet = Date.now() - Math.max(since, this.#lastSign);
    const left = this.#options.stallTimeout - quiet;
    if (left <= 0) {
      throw new IngestError(
        'SOURCE_STALLED',
        `${this.#path}: expected frame ${this.#announced}, got nothing from ffmpeg for ${this.#options.stallTimeout} ms`,
      );
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, left);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }

  #start(): void {
    const { threads } = this.#options;
    const process = new FfmpegProcess({
      path: ffmpegPath(this.#options),
      inputOptions: [
        ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+info', '-copyts'],
        ...(threads ? ['-threads', String(threads)] : []),
      ],
      input: fileUrl(this.#path),
      outputOptions: [
        ...['-map', '0:V:0', '-vf', `${this.#probe.colour.filter},showinfo=checksum=0`],
        ...(this.#version >= 5.01 ? ['-fps_mode', 'passthrough'] : ['-vsync', 'passthrough']),
        // A change of size in mid-stream comes through as it is.
        ...(this.#version >= 4.04 ? ['-autoscale', '0'] : []),
        ...['-c:v', 'rawvideo', '-threads', '1', '-avioflags', 'direct', '-f', 'rawvideo'],
      ],
      output: this.#assembler,
      onLine: (line) => this.#onLine(line),
    });
    this.#process = process;
    this.#lastSign = Date.now();
    const assembled = new Promise<void>((resolve) => {
      this.#assembler.once('finish', resolve).once('close', resolve);
    });
    this.#assembler.on('error', () => {});
    void (async () => {
      try {
        const [exit] = await Promise.all([process.exited, assembled]);
        if (!this.#closing) this.#failure = this.#verdict(exit.code, exit.signal);
      } catch (error) {
        this.#failure = error;
      }
      this.#ended = true;
      this.#wake();
    })();
  }

  #onLine(line: string): void {
    this.#lastSign = Date.now();
    const note = this.#showinfo.parse(line);
    if (!note) {
      const message = this.#log.add(line, this.#announced);
      if (message && !this.#closing) this.#options.onWarning?.({ frame: this.#announced, message });
      return;
    }
    const index = this.#announced++;
    const step = this.info.frameRate ? 1 / this.info.frameRate : 0;
    const pts = note.pts ?? (this.#lastPts === undefined ? 0 : this.#lastPts + step);
    this.#lastPts = pts;
    const { start } = this.#options;
    const skip = !start ? false : 'frame' in start ? index < start.frame : pts < start.seconds;
    if (!this.#closing)
      this.#assembler.announce({ index, pts, width: note.width, height: note.height, skip });
  }

  /** After a natural end: the error it deserves, if any. ffmpeg ends with 0 for most files that are cut. */
  #verdict(code: number | null, signal: NodeJS.Signals | null): IngestError | undefined {
    const { frameCount } = this.info;
    const frame = this.#announced;
    const { cut, tail, damagedAt } = this.#log;
    // A decoder reports damage as early as it has threads and holds frames back; nearer to the end than that,
    // or with frames missing at the end, the damage is the end.
    const delay = END_DELAY + (this.#options.threads ?? availableParallelism());
    const broken = damagedAt !== undefined && (frame - damagedAt <= delay || frame < (frameCount ?? 0));
    if (code === 0 && !this.#assembler.incomplete && !cut && !broken && frame > 0) return undefined;
    const reason = signal
      ? `ffmpeg was ended by ${signal}`
      : cut || tail || `ffmpeg ended with status ${code}`;
    const promised = frameCount ? ` of ${frameCount}` : '';
    const last = this.#lastPts === undefined ? '' : ` (the last one is at ${this.#lastPts.toFixed(3)} s)`;
    return new IngestError(
      'DECODE_FAILED',
      `${this.#path}: stops at frame ${frame}${promised}${last}: ${reason}`,
      { frame },
    );
  }
}
