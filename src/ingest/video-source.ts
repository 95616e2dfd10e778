import { availableParallelism } from 'node:os';
import { Decoder } from './decoder.js';
import { defined } from './defined.js';
import { IngestError } from './errors.js';
import { hardwareTrouble, isHardwareFailure } from './failure.js';
import { ffmpegPath, ffmpegVersion } from './ffmpeg-tools.js';
import type { Frame } from './frame.js';
import { FrameAssembler } from './frame-assembler.js';
import { FramePool } from './frame-pool.js';
import { iterateOnce } from './iterate-once.js';
import { probeVideo, type VideoProbe } from './probe.js';
import type { FrameNote } from './showinfo.js';
import type { FrameSource, SourceInfo, SourceOptions } from './source.js';
import { isLive, type VideoInput } from './video-input.js';

const DEFAULTS = { readAhead: 4, maxFrames: 64, stallTimeout: 60_000, killTimeout: 500 };

/** Most frames that a decoder holds back to put them in order, threads aside. */
const END_DELAY = 4;

/** Looks at a video file or a finite address; decoding starts with the first frame asked for. */
export async function openVideo(input: VideoInput, options: SourceOptions): Promise<FrameSource> {
  const timeout = options.stallTimeout ?? DEFAULTS.stallTimeout;
  const [version, probe] = await Promise.all([
    ffmpegVersion(ffmpegPath(options), timeout),
    probeVideo(input, options),
  ]);
  if (input.url && !probe.finite) throw isLive(input.name);
  return new VideoSource(input, probe, version, options);
}

class VideoSource implements FrameSource {
  readonly info: SourceInfo;
  readonly #input: VideoInput;
  readonly #probe: VideoProbe;
  readonly #version: number;
  readonly #options: SourceOptions & typeof DEFAULTS;
  readonly #pool: FramePool;
  /** What is still to be tried; without it, or once it failed, software decodes. */
  #hardware?: string;
  #assembler: FrameAssembler;
  #decoder?: Decoder;
  readonly #iterate: () => AsyncIterator<Frame, undefined>;
  #closing?: Promise<void>;
  #failure?: unknown;
  /** All pixels are assembled and the process has gone. */
  #ended = false;
  #announced = 0;
  /** Index after the last frame that the consumer got. */
  #delivered = 0;
  /** Frames before it came from a decoder before. */
  #resumeAt = 0;
  /** Pending while one decoder has gone and the next has not begun. */
  #switching?: Promise<void>;
  #lastPts?: number;
  #lastSign = 0;
  #wake: () => void = () => {};

  constructor(input: VideoInput, probe: VideoProbe, version: number, options: SourceOptions) {
    this.info = probe.info;
    this.#input = input;
    this.#probe = probe;
    this.#version = version;
    this.#options = { ...DEFAULTS, ...defined(options) };
    this.#pool = new FramePool(this.#options.maxFrames);
    this.#hardware = options.hardware;
    this.#assembler = this.#newAssembler();
    this.#pool.onReturn = () => this.#assembler.pump();
    this.#iterate = iterateOnce({ name: input.name, next: () => this.#next(), close: () => this.close() });
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): AsyncIterator<Frame, undefined> {
    return this.#iterate();
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
    await (this.#switching ?? this.#decoder?.stop(this.#options.killTimeout));
    this.#assembler.destroy();
    this.#assembler.discard();
    this.#wake();
  }

  async #next(): Promise<Frame | undefined> {
    this.#options.signal?.throwIfAborted();
    if (!this.#decoder && !this.#switching && !this.#closing) this.#start();
    const since = Date.now();
    for (;;) {
      this.#options.signal?.throwIfAborted();
      if (this.#closing) return undefined;
      const item = this.#assembler.shift();
      if (item) {
        const { range, matrix } = this.#probe.colour;
        this.#delivered = item.note.index + 1;
        return this.#pool.frame(item.buffer, { ...item.note, range, matrix, wallTime: item.wallTime });
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
        `${this.#input.name}: expected frame ${this.#announced}, got nothing from ffmpeg for ${this.#options.stallTimeout} ms`,
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

  #newAssembler(): FrameAssembler {
    return new FrameAssembler(this.#pool, this.#options.readAhead, () => this.#wake());
  }

  #start(): void {
    const { threads } = this.#options;
    const hardware = this.#hardware;
    const decoder: Decoder = new Decoder({
      path: ffmpegPath(this.#options),
      version: this.#version,
      inputOptions: [
        ...this.#input.options,
        ...(threads ? ['-threads', String(threads)] : []),
        ...(hardware ? ['-hwaccel', hardware] : []),
      ],
      input: this.#input.input,
      filter: this.#probe.colour.filter,
      assembler: this.#assembler,
      onSign: () => {
        this.#lastSign = Date.now();
      },
      onFrame: (note) => {
        if (this.#decoder === decoder) this.#onFrame(note);
      },
      onLine: (line) => {
        if (this.#decoder === decoder) this.#onLine(line, decoder);
      },
    });
    this.#decoder = decoder;
    this.#lastSign = Date.now();
    void (async () => {
      try {
        const exit = await decoder.ended;
        if (this.#decoder !== decoder) return;
        const failure = this.#closing ? undefined : this.#verdict(decoder, exit.code, exit.signal);
        // Whatever it was: only what software cannot decode either is the input's own fault.
        if (failure && this.#hardware) {
          await this.#softwareInstead(decoder, decoder.log.tail || failure.message);
          return;
        }
        this.#failure = failure;
      } catch (error) {
        this.#failure = error;
      }
      this.#ended = true;
      this.#wake();
    })();
  }

  #onLine(line: string, decoder: Decoder): void {
    const message = decoder.log.add(this.#input.redact(line), this.#announced);
    if (!message || this.#closing) return;
    if (this.#hardware) {
      const trouble = hardwareTrouble(message);
      if (trouble === 'lost') void this.#softwareInstead(decoder, message);
      else if (trouble === 'without') this.#tellOfSoftware(message);
      // Else it is told whole with the end of this ffmpeg, or it was one device of several.
      if (trouble || isHardwareFailure(message)) return;
    }
    this.#options.onWarning?.({ frame: this.#announced, message });
  }

  /** Ends a decoder whose hardware failed and starts one without, which goes on with the frame that is next. */
  #softwareInstead(decoder: Decoder, reason: string): Promise<void> {
    this.#decoder = undefined;
    this.#switching = this.#switch(decoder);
    this.#tellOfSoftware(reason);
    return this.#switching;
  }

  async #switch(decoder: Decoder): Promise<void> {
    await decoder.stop(this.#options.killTimeout);
    this.#assembler.destroy();
    this.#assembler.discard();
    this.#switching = undefined;
    if (this.#closing) return;
    this.#assembler = this.#newAssembler();
    this.#resumeAt = this.#delivered;
    this.#announced = 0;
    this.#lastPts = undefined;
    this.#start();
    this.#wake();
  }

  #tellOfSoftware(reason: string): void {
    const message = `hardware decoding by ${this.#hardware} failed, software takes over: ${reason}`;
    this.#hardware = undefined;
    this.#options.onWarning?.({ frame: this.#announced, message });
  }

  #onFrame(note: FrameNote): void {
    const index = this.#announced++;
    const step = this.info.frameRate ? 1 / this.info.frameRate : 0;
    const pts = note.pts ?? (this.#lastPts === undefined ? 0 : this.#lastPts + step);
    this.#lastPts = pts;
    const { start } = this.#options;
    const early = !start ? false : 'frame' in start ? index < start.frame : pts < start.seconds;
    const skip = early || index < this.#resumeAt;
    if (!this.#closing)
      this.#assembler.announce({ index, pts, width: note.width, height: note.height, skip });
  }

  /** After a natural end: the error it deserves, if any. ffmpeg ends with 0 for most files that are cut. */
  #verdict(decoder: Decoder, code: number | null, signal: NodeJS.Signals | null): IngestError | undefined {
    const { frameCount } = this.info;
    const frame = this.#announced;
    const { cut, tail, damagedAt } = decoder.log;
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
      `${this.#input.name}: stops at frame ${frame}${promised}${last}: ${reason}`,
      { frame },
    );
  }
}
