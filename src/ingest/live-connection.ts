import type { I420Picture } from '../common/index.js';
import { planColour } from './colour.js';
import { Decoder } from './decoder.js';
import { type Failure, failureCode, isHardwareFailure } from './failure.js';
import { type Announced, type Assembled, FrameAssembler, type LossyPolicy } from './frame-assembler.js';
import type { FramePool } from './frame-pool.js';
import type { Redactor } from './redact.js';
import type { FrameNote } from './showinfo.js';
import { StreamHeader } from './stream-header.js';

/** A frame of a live source on its way. */
export interface LiveNote extends Announced {
  readonly range: I420Picture['range'];
  readonly matrix: I420Picture['matrix'];
}

/** How a connection came to its end. */
export type Outcome =
  | { readonly kind: 'ended' }
  | ({ readonly kind: 'failed'; readonly hardware: boolean } & Failure)
  /** `accept` did not want it. */
  | { readonly kind: 'refused' };

export interface ConnectionOptions {
  readonly ffmpegPath: string;
  readonly version: number;
  readonly inputOptions: readonly string[];
  readonly input: string;
  readonly redact: Redactor;
  readonly pool: FramePool;
  readonly connectTimeout: number;
  readonly stallTimeout: number;
  readonly killTimeout: number;
  /** Told once, before the first frame, what the input is; `false` ends the connection with outcome `refused`. */
  readonly accept: (header: StreamHeader) => boolean;
  /** Gives a frame its place in the source's life. */
  readonly place: (pts: number | undefined) => { readonly index: number; readonly pts: number };
  readonly lossy: LossyPolicy<LiveNote>;
  /** A frame is complete; its buffer is now the receiver's to give back. */
  readonly onFrame: (frame: Assembled<LiveNote>, header: StreamHeader) => void;
  readonly onStalled: (seconds: number) => void;
  readonly onProblem: (message: string) => void;
}

// The pixel formats that need no work; ffmpeg converts any other to the nearer of the two, keeping its range.
const FILTER = 'format=yuv420p|yuvj420p';

/** One ffmpeg on one live input, from its start to its certain end. */
export class LiveConnection {
  readonly #options: ConnectionOptions;
  readonly #header = new StreamHeader();
  readonly #assembler: FrameAssembler<LiveNote>;
  readonly #decoder: Decoder;
  readonly #started = performance.now();
  #lastFrame?: number;
  #refused = false;
  #over = false;
  #timer?: NodeJS.Timeout;
  #end!: (outcome: Outcome) => void;
  readonly #outcome = new Promise<Outcome>((resolve) => {
    this.#end = resolve;
  });

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#assembler = new FrameAssembler(options.pool, 1, () => this.#onProgress(), options.lossy);
    this.#decoder = new Decoder({
      path: options.ffmpegPath,
      version: options.version,
      inputOptions: options.inputOptions,
      input: options.input,
      filter: FILTER,
      assembler: this.#assembler,
      colours: true,
      onSign: () => {},
      onFrame: (note) => this.#onNote(note),
      onLine: (line) => this.#onLine(line),
    });
    this.#decoder.ended.then(
      (exit) => this.#end(this.#verdict(exit.code, exit.signal)),
      (error: Error) =>
        this.#end({ kind: 'failed', code: 'FFMPEG_NOT_FOUND', reason: error.message, hardware: false }),
    );
    this.#watch();
  }

  /** Milliseconds for which frames have come; 0 where none did. */
  get liveFor(): number {
    return this.#lastFrame === undefined ? 0 : this.#lastFrame - this.#started;
  }

  /** Resolves when nothing of the connection is left, with what ended it and the number of frames lost on their way. */
  async finish(): Promise<{ outcome: Outcome; lost: number }> {
    const outcome = await this.#outcome;
    this.#over = true;
    clearTimeout(this.#timer);
    await this.#decoder.stop(this.#options.killTimeout);
    this.#assembler.destroy();
    return { outcome, lost: this.#assembler.discard() };
  }

  /** Ends the connection; `finish` tells when that is done. */
  stop(): void {
    this.#end({ kind: 'ended' });
  }

  #onProgress(): void {
    for (;;) {
      const frame = this.#assembler.shift();
      if (!frame) return;
      this.#options.onFrame(frame, this.#header);
    }
  }

  #onNote(note: FrameNote): void {
    if (this.#refused) return;
    const first = this.#lastFrame === undefined;
    this.#lastFrame = performance.now();
    if (first) this.#watch();
    const { pixelFormat = 'yuv420p', colourRange, colourSpace, width, height } = note;
    const { range, matrix } = planColour(pixelFormat, colourRange, colourSpace, width, height);
    // Parts of a picture sent as separate pictures have no time but that of their arrival.
    const pts = this.#header.format === 'mpjpeg' ? undefined : note.pts;
    this.#assembler.announce({ ...this.#options.place(pts), width, height, range, matrix, skip: false });
  }

  #onLine(line: string): void {
    if (this.#header.add(line) && !this.#options.accept(this.#header)) {
      this.#refused = true;
      this.#end({ kind: 'refused' });
    }
    const message = this.#decoder.log.add(this.#options.redact(line), 0);
    // Before the first frame it is the reason of a failure, and told as that.
    if (message && this.#lastFrame !== undefined) this.#options.onProblem(message);
  }

  /** Gives the connection up when frames stay out for too long. */
  #watch(): void {
    const { connectTimeout, stallTimeout } = this.#options;
    const due =
      this.#lastFrame === undefined ? this.#started + connectTimeout : this.#lastFrame + stallTimeout;
    clearTimeout(this.#timer);
    if (this.#over) return;
    this.#timer = setTimeout(
      () => {
        // What came while this program itself was busy or asleep is read before the verdict.
        setImmediate(() => setImmediate(() => this.#onDue()));
      },
      Math.max(0, due - performance.now()),
    );
  }

  #onDue(): void {
    const { connectTimeout, stallTimeout } = this.#options;
    const now = performance.now();
    if (this.#lastFrame === undefined) {
      if (now - this.#started < connectTimeout) {
        this.#watch();
        return;
      }
      const said = this.#decoder.log.tail;
      const reason = `no frame within ${connectTimeout} ms${said ? `: ${said}` : ''}`;
      this.#end({ kind: 'failed', code: 'CONNECT_TIMEOUT', reason, hardware: isHardwareFailure(said) });
      return;
    }
    const quiet = now - this.#lastFrame;
    if (quiet < stallTimeout) {
      this.#watch();
      return;
    }
    this.#options.onStalled(quiet / 1000);
    const reason = `no frame for ${(quiet / 1000).toFixed(1)} s`;
    this.#end({ kind: 'failed', code: 'SOURCE_STALLED', reason, hardware: false });
  }

  #verdict(code: number | null, signal: NodeJS.Signals | null): Outcome {
    const { tail, cut } = this.#decoder.log;
    const live = this.#lastFrame !== undefined;
    if (code === 0 && live && !cut && !this.#assembler.incomplete) return { kind: 'ended' };
    const known = failureCode(tail);
    // There was a video.
    const kind = live && known === 'NOT_A_VIDEO' ? undefined : known;
    const hardware = isHardwareFailure(tail);
    if (signal) {
      return { kind: 'failed', code: 'DECODE_FAILED', reason: `ffmpeg was ended by ${signal}`, hardware };
    }
    const quietly = code === 0 && !cut;
    const silence = live ? 'the stream broke off' : 'the stream ended without a frame';
    return {
      kind: 'failed',
      code: kind ?? (quietly ? 'SOURCE_ENDED' : 'DECODE_FAILED'),
      reason: tail || (code === 0 ? silence : `ffmpeg ended with status ${code}`),
      hardware,
    };
  }
}
