import { Backoff } from './backoff.js';
import { IngestError } from './errors.js';
import { ffmpegPath, ffmpegVersion } from './ffmpeg-tools.js';
import type { Frame } from './frame.js';
import type { Assembled } from './frame-assembler.js';
import { FramePool } from './frame-pool.js';
import { iterateOnce } from './iterate-once.js';
import type { LiveOptions, LiveSource, SourceEvent } from './live.js';
import { safely, sleep } from './live-callbacks.js';
import { LiveClock } from './live-clock.js';
import { LiveConnection, type LiveNote, type Outcome } from './live-connection.js';
import { ENDED_BY_OTHERS, isHopeless, isTold } from './live-failure.js';
import { liveInputOptions } from './live-input.js';
import { type LiveSettings, liveSettings } from './live-settings.js';
import { type Redactor, redactor } from './redact.js';
import { isChanged, type SourceInfo } from './source.js';
import { parseSource, type SourceAddress } from './source-form.js';
import type { StreamHeader } from './stream-header.js';
import { WarningThrottle } from './warning-throttle.js';

/** A connection that lived this long, in milliseconds, starts the row of delays anew when it is lost. */
const SETTLED = 2000;

/** Saves a first start, see `#accept`. */
const PLAYLIST = /^[^?#]*\.m3u8?(?:[?#]|$)/i;

/**
 * Opens a camera, a network stream, a webcam, or a file played at its native speed. It does not wait for the source: one
 * that is absent is waited for, one that is lost is connected to again, for ever unless told otherwise.
 *
 * @param source see `docs/sources.md` for every form
 * @throws {IngestError} `SOURCE_UNSUPPORTED` for an address of no known form; the iteration throws what ends the source
 * @throws {InvalidArgumentError} for options outside their bounds
 * @example
 * for await (const frame of openLive('rtsp://camera/1')) {
 *   console.log(frame.index, frame.pts);
 *   frame.release();
 * }
 */
export function openLive(source: string, options: LiveOptions = {}): LiveSource {
  const address = parseSource(source);
  return new ReconnectingSource(source, address, options);
}

class ReconnectingSource implements LiveSource {
  readonly url: string;
  readonly #address: SourceAddress;
  readonly #options: LiveSettings;
  readonly #redact: Redactor;
  readonly #pool: FramePool;
  readonly #backoff: Backoff;
  readonly #clock = new LiveClock();
  readonly #iterate: () => AsyncIterator<Frame, undefined>;
  readonly #done: Promise<void>;
  readonly #closing = new AbortController();
  readonly #warnings: WarningThrottle;
  #connection?: LiveConnection;
  #hardware?: string;
  #finite: boolean;
  #paced: boolean;
  /** The same attempt starts once more. */
  #again = false;
  #info?: SourceInfo;
  #header?: StreamHeader;
  #newest?: Assembled<LiveNote>;
  #announced = 0;
  #skipped = 0;
  #full = false;
  #told?: string;
  #failure?: unknown;
  #over = false;
  #wake: () => void = () => {};

  constructor(source: string, address: SourceAddress, options: LiveOptions) {
    this.url = address.shown;
    this.#address = address;
    this.#options = liveSettings(options);
    this.#redact = redactor(source, options.inputOptions);
    this.#pool = new FramePool(this.#options.maxFrames);
    this.#backoff = new Backoff(options.reconnect || {});
    this.#hardware = options.hardware;
    this.#warnings = new WarningThrottle((message) =>
      safely(() => options.onWarning?.({ frame: this.#announced, message })),
    );
    this.#finite = address.form === 'file' && !options.loop;
    const recording = address.form === 'file' || (address.form === 'http' && PLAYLIST.test(address.input));
    this.#paced = recording && options.realtime !== false;
    this.#iterate = iterateOnce({ name: this.url, next: () => this.#next(), close: () => this.close() });
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#done = Promise.resolve().then(() => this.#run());
  }

  get skipped(): number {
    return this.#skipped;
  }

  get info(): SourceInfo | undefined {
    return this.#info;
  }

  [Symbol.asyncIterator](): AsyncIterator<Frame, undefined> {
    return this.#iterate();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#connection?.stop();
    this.#wake();
    await this.#done;
    this.#warnings.close();
    this.#dropNewest();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #onAbort = () => {
    void this.close();
  };

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #next(): Promise<Frame | undefined> {
    for (;;) {
      this.#options.signal?.throwIfAborted();
      if (this.#closed) return undefined;
      const newest = this.#newest;
      if (newest) {
        this.#newest = undefined;
        return this.#pool.frame(newest.buffer, { ...newest.note, wallTime: newest.wallTime });
      }
      if (this.#failure) throw this.#failure;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Connects until closed, ended or given up. Never rejects. */
  async #run(): Promise<void> {
    try {
      if (this.#options.signal?.aborted) return;
      while (!this.#closed) {
        const outcome = await this.#connectOnce();
        if (this.#closed) break;
        if (!(await this.#goOn(outcome))) break;
      }
    } catch (error) {
      this.#failure = error;
      const code = error instanceof IngestError ? error.code : 'DECODE_FAILED';
      const message = error instanceof Error ? error.message : String(error);
      this.#emit({ kind: 'error', wall: Date.now(), code, message });
    }
    this.#warnings.close();
    this.#over = true;
    this.#wake();
  }

  async #connectOnce(): Promise<Outcome> {
    const { attempt } = this.#backoff;
    if (!this.#again) this.#emit({ kind: 'connecting', wall: Date.now(), attempt });
    this.#again = false;
    const path = ffmpegPath(this.#options);
    let version: number;
    try {
      version = await ffmpegVersion(path, this.#options.connectTimeout);
    } catch (error) {
      if (!(error instanceof IngestError)) throw error;
      return { kind: 'failed', code: error.code, reason: error.message, hardware: false };
    }
    if (this.#closed) return { kind: 'ended' };
    this.#clock.restart();
    let fresh = true;
    const connection = new LiveConnection({
      ffmpegPath: path,
      version,
      inputOptions: liveInputOptions(
        this.#address,
        { ...this.#options, hardware: this.#hardware, realtime: this.#paced },
        version,
      ),
      input: this.#address.input,
      redact: this.#redact,
      pool: this.#pool,
      connectTimeout: this.#options.connectTimeout,
      stallTimeout: this.#options.stallTimeout,
      killTimeout: this.#options.killTimeout,
      accept: (header) => this.#accept(header),
      place: (pts) => ({ index: this.#announced++, pts: this.#clock.tick(pts, performance.now()) }),
      lossy: {
        makeRoom: () => this.#dropNewest(),
        onLost: () => this.#onLost(),
      },
      onFrame: (frame, header) => {
        this.#dropNewest();
        this.#newest = frame;
        this.#full = false;
        this.#tellLive(frame.note, header, fresh);
        fresh = false;
        this.#wake();
      },
      onStalled: (seconds) => this.#emit({ kind: 'stalled', wall: Date.now(), seconds }),
      onProblem: (message) => this.#warn(message),
    });
    this.#connection = connection;
    const { outcome, lost } = await connection.finish();
    this.#connection = undefined;
    this.#skipped += lost;
    if (connection.liveFor >= SETTLED) this.#backoff.reset();
    return outcome;
  }

  /**
   * An http address may be a camera, a recording, or a playlist: what it is tells only the connection. Recordings and
   * the pieces of a playlist come faster than time and must be read at their native speed: that takes another start.
   */
  #accept(header: StreamHeader): boolean {
    if (this.#address.form !== 'http' || this.#finite) return true;
    const recorded = header.duration !== undefined;
    // A live address that comes back as a finished recording of itself is over.
    if (recorded && this.#info) return false;
    this.#finite = recorded;
    if (this.#paced || this.#options.realtime === false || !(recorded || header.format === 'hls'))
      return true;
    this.#paced = true;
    this.#again = true;
    return false;
  }

  /** Decides what follows the end of a connection: another one (true, after its delay) or the end (false). */
  async #goOn(outcome: Outcome): Promise<boolean> {
    const reconnect = this.#options.reconnect !== false;
    if (outcome.kind === 'refused') return this.#again || this.#end();
    const wasLive = this.#header !== undefined;
    this.#header = undefined;
    if (outcome.kind === 'ended' && (this.#finite || !reconnect)) return this.#end();
    const failure = outcome.kind === 'ended' ? ENDED_BY_OTHERS : outcome;
    if (failure.hardware && this.#hardware) {
      this.#softwareInstead(failure.reason);
      return true;
    }
    const delay = reconnect ? this.#backoff.next() : undefined;
    const lost = this.#finite && wasLive;
    const hopeless = isHopeless(failure.code) && !this.#info;
    if (delay === undefined || lost || hopeless) {
      throw new IngestError(failure.code, `${this.url}: ${failure.reason}`);
    }
    if (isTold(failure.code) && this.#told !== failure.code) {
      this.#told = failure.code;
      const message = `${this.url}: ${failure.reason}`;
      this.#emit({ kind: 'error', wall: Date.now(), code: failure.code, message });
    }
    const { attempt } = this.#backoff;
    const { code, reason } = failure;
    this.#emit({ kind: 'reconnecting', wall: Date.now(), attempt, delayMs: delay, reason, code });
    await sleep(delay, this.#closing.signal);
    return true;
  }

  #end(): false {
    this.#emit({ kind: 'ended', wall: Date.now() });
    return false;
  }

  #softwareInstead(reason: string): void {
    const message = `${this.url}: hardware decoding by ${this.#hardware} failed, software takes over: ${reason}`;
    this.#hardware = undefined;
    this.#warn(message);
    this.#emit({ kind: 'error', wall: Date.now(), code: 'HARDWARE_FAILED', message });
  }

  /** Tells of the first frame of a connection and of every change of picture. */
  #tellLive(note: LiveNote, header: StreamHeader, fresh: boolean): void {
    const before = this.#info;
    this.#header = header;
    if (!fresh && before && before.width === note.width && before.height === note.height) return;
    const info = header.info(note.width, note.height);
    this.#info = info;
    this.#told = undefined;
    const changed = before !== undefined && isChanged(before, info);
    const reconnected = fresh && before !== undefined;
    this.#emit({ kind: 'live', wall: Date.now(), info, reconnected, changed });
  }

  #dropNewest(): void {
    if (!this.#newest) return;
    this.#pool.put(this.#newest.buffer);
    this.#newest = undefined;
    this.#skipped++;
  }

  #onLost(): void {
    this.#skipped++;
    if (this.#full) return;
    this.#full = true;
    this.#warn(`frames are skipped: ${this.#pool.out} are held at once (maxFrames ${this.#pool.maxFrames})`);
  }

  #warn(message: string): void {
    if (!this.#closed) this.#warnings.add(message);
  }

  #emit(event: SourceEvent): void {
    if (this.#closed) return;
    safely(() => this.#options.onEvent?.(event));
  }
}
