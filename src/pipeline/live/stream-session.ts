import { SiamtrackError } from '../../common/index.js';
import type { Frame } from '../../ingest/index.js';
import type { Model } from '../../model/index.js';
import {
  CommandError,
  type HostListener,
  type StreamEventMessage,
  type StreamInfo,
  type StreamState,
} from '../../stream/index.js';
import type { TrackerOptions } from '../../tracker/index.js';
import { HeldFrames } from './held-frames.js';
import { SessionTargets, type TargetGiven } from './session-targets.js';
import type { FileControls, OpenStreamSource, StreamSource, StreamSourceEvent } from './stream-source.js';

/** A target that a stream begins with. */
export type InitialTarget = Omit<TargetGiven, 'frame'> & { readonly target: string };

export interface StreamSessionOptions {
  readonly name: string;
  /** The source as it may be shown: without a password. */
  readonly source: string;
  readonly model: Model;
  readonly open: OpenStreamSource;
  /** How much of the past is held, for targets added on a frame that has passed. */
  readonly held: { readonly count: number; readonly bytes: number };
  /** How targets are followed. Default: with everything on. */
  readonly tracking?: TrackerOptions;
  readonly maxTargets: number;
  /** Put on the first frame that comes. */
  readonly targets?: readonly InitialTarget[];
  readonly listener: HostListener;
  /** Told of what did not end the stream but should be known: a first target that could not be put, a search that failed. */
  readonly onWarning?: (message: string, error: unknown) => void;
}

type EventDetails = Partial<Pick<StreamEventMessage, 'attempt' | 'delay' | 'code' | 'message'>>;

/**
 * One stream's loop: takes frames from its source, follows the targets through them and tells its listener. Targets come and go while it
 * runs. Nothing that goes wrong in it leaves it: its source's failure is its state `error`, a target's failure removes that target.
 */
export class StreamSession {
  readonly name: string;
  readonly #options: StreamSessionOptions;
  readonly #source: StreamSource;
  readonly #held: HeldFrames;
  readonly #targets: SessionTargets;
  readonly #running: Promise<void>;
  #state: StreamState = 'connecting';
  #size: { readonly width: number; readonly height: number } | undefined;
  #clock: { readonly pts: number; readonly seconds: number } | undefined;
  #tracked = 0;
  #reconnects = 0;
  #stalls = 0;
  #begun = false;
  #closing: Promise<void> | undefined;

  constructor(options: StreamSessionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#held = new HeldFrames(options.held);
    this.#targets = new SessionTargets({ ...options, held: this.#held });
    this.#source = options.open((event) => this.#onSource(event));
    this.#running = this.#run();
  }

  get info(): StreamInfo {
    const { info, kind } = this.#source;
    const { first, last } = this.#held;
    return {
      stream: this.name,
      source: this.#options.source,
      kind,
      state: this.#state,
      ...(this.#size ? { size: this.#size } : {}),
      ...(info?.frameRate ? { frameRate: info.frameRate } : {}),
      ...(info?.codec ? { codec: info.codec } : {}),
      ...(info?.duration ? { duration: info.duration } : {}),
      ...(info?.frameCount ? { frameCount: info.frameCount } : {}),
      ...(first && last ? { held: { first: first.frame.index, last: last.frame.index } } : {}),
      counts: {
        decoded: this.#tracked + this.#source.skipped,
        tracked: this.#tracked,
        skipped: this.#source.skipped,
        reconnects: this.#reconnects,
        stalls: this.#stalls,
      },
      targets: this.#targets.info,
    };
  }

  /**
   * Follows what is in a box from the frame it was given on; resolves when it has been caught up with the stream.
   * @throws CommandError
   */
  addTarget(given: TargetGiven): Promise<{ target: string; frame: number }> {
    this.#mustRun();
    return this.#targets.add(given);
  }

  /** Shows a target anew. @throws CommandError */
  reinitTarget(given: TargetGiven & { readonly target: string }): Promise<{ target: string; frame: number }> {
    this.#mustRun();
    return this.#targets.reinit(given);
  }

  /** @throws CommandError `TARGET_NOT_FOUND` */
  removeTarget(target: string): void {
    this.#targets.remove(target, 'command');
  }

  /** What files can be told. @throws CommandError `NOT_SEEKABLE` for a live stream */
  get controls(): FileControls {
    const { controls } = this.#source;
    if (controls && this.#state !== 'error') return controls;
    throw new CommandError(
      'NOT_SEEKABLE',
      `${this.name}: expected a file, got a live stream or one in error`,
    );
  }

  /** Ends the stream and its targets; resolves when nothing of it is left running. */
  close(reason: 'stream' | 'configuration' = 'stream'): Promise<void> {
    this.#closing ??= (async () => {
      await this.#source.close();
      await this.#running;
      await this.#targets.close(reason);
      this.#held.clear();
    })();
    return this.#closing;
  }

  async #run(): Promise<void> {
    try {
      for await (const frame of this.#source) {
        try {
          if (this.#closing) return;
          await this.#take(frame);
        } finally {
          frame.release();
        }
      }
      if (!this.#closing) this.#enter('ended', 'ended');
    } catch (error) {
      if (this.#closing) return;
      const code = error instanceof SiamtrackError ? error.code : 'INTERNAL';
      if (!(error instanceof SiamtrackError)) this.#options.onWarning?.('a stream failed', error);
      this.#enter('error', 'error', {
        code,
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #take(frame: Frame): Promise<void> {
    const { width, height } = frame;
    const before = this.#size;
    this.#size = { width, height };
    if (before && (before.width !== width || before.height !== height)) this.#tell('changed');
    const held = { frame, seconds: this.#seconds(frame) };
    if (!this.#begun) {
      this.#begun = true;
      await this.#targets.begin(held, this.#options.targets ?? []);
    }
    const begun = performance.now();
    await this.#targets.search(held, (targets) => {
      this.#tracked++;
      this.#held.push(held);
      this.#options.listener.onFrame({
        stream: this.name,
        frame,
        targets,
        searchSeconds: (performance.now() - begun) / 1000,
      });
    });
  }

  /** The trackers' clock: pts, but going on by one frame where pts goes back. */
  #seconds({ pts }: Frame): number {
    const last = this.#clock;
    const step = last && pts > last.pts ? pts - last.pts : 1 / (this.#source.info?.frameRate ?? 25);
    const seconds = last ? last.seconds + step : pts;
    this.#clock = { pts, seconds };
    return seconds;
  }

  #onSource(event: StreamSourceEvent): void {
    if (this.#closing) return;
    switch (event.kind) {
      case 'connecting':
      case 'live':
      case 'ended':
        this.#enter(event.kind, event.kind);
        break;
      case 'stalled':
        this.#stalls++;
        this.#enter('stalled', 'stalled');
        break;
      case 'reconnecting': {
        this.#reconnects++;
        const { kind, ...details } = event;
        this.#enter(kind, kind, details);
        break;
      }
      case 'error':
        this.#tell('error', { code: event.code, message: event.message });
        break;
      case 'paused':
        this.#enter('paused', 'paused');
        break;
      case 'resumed':
        this.#enter('live', 'resumed');
        break;
      case 'sought':
        // What is held has other indexes than what comes.
        this.#held.clear();
        if (this.#state !== 'paused') this.#state = 'live';
        this.#tell('sought');
        break;
    }
  }

  #enter(state: StreamState, event: StreamEventMessage['event'], details: EventDetails = {}): void {
    this.#state = state;
    this.#tell(event, details);
  }

  #tell(event: StreamEventMessage['event'], details: EventDetails = {}): void {
    const { listener } = this.#options;
    // `info` reads the source, which tells of its opening before it is there.
    queueMicrotask(() => {
      const { name: stream, info } = this;
      listener.onStream({ type: 'stream', event, stream, time: Date.now(), ...details, info });
    });
  }

  #mustRun(): void {
    if (this.#closing || this.#state === 'error' || (this.#state === 'ended' && !this.#source.controls))
      throw new CommandError(
        'STREAM_ENDED',
        `${this.name}: expected a running stream, got one that has ended`,
      );
  }
}
