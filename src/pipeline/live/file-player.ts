import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Frame,
  type FrameSource,
  openSource,
  type SourceInfo,
  type SourceOptions,
} from '../../ingest/index.js';
import { CommandError } from '../../stream/index.js';
import { ShiftedFrame } from './shifted-frame.js';
import type { FileControls, Place, StreamSource, StreamSourceEvent } from './stream-source.js';

export interface FilePlayerOptions
  extends Pick<SourceOptions, 'threads' | 'fps' | 'maxFrames' | 'stallTimeout'> {
  /** At the speed of its pts; otherwise as fast as it is taken. Default true. */
  readonly realtime?: boolean;
  /** From the start again at the end, with indexes and pts that go on. Default false. */
  readonly loop?: boolean;
  readonly onEvent: (event: StreamSourceEvent) => void;
}

/** How late a frame may be until the rest is played later instead of faster, milliseconds. */
const CATCH_UP_MS = 250;

interface Seek {
  readonly to: Place;
  readonly arrived: () => void;
  readonly failed: (error: Error) => void;
}

/**
 * A file (or folder of stills) played to a session: every frame, at its own speed, and slower where the session takes longer. At its end it
 * waits: a seek plays on. `Frame.wallTime` is when a frame was played.
 */
export class FilePlayer implements StreamSource, FileControls {
  readonly kind = 'file';
  readonly skipped = 0;
  readonly controls: FileControls = this;
  info: SourceInfo | undefined;
  readonly #path: string;
  readonly #options: FilePlayerOptions;
  readonly #closed = new AbortController();
  #paused = false;
  #ended = false;
  #seek: Seek | undefined;
  /** Ends whatever wait is under way. */
  #nudge = new AbortController();

  constructor(path: string, options: FilePlayerOptions) {
    this.#path = path;
    this.#options = options;
  }

  pause(): void {
    if (this.#paused || this.#ended) return;
    this.#paused = true;
    this.#options.onEvent({ kind: 'paused' });
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#wake();
    this.#options.onEvent({ kind: 'resumed' });
  }

  async seek(to: Place): Promise<void> {
    const { frameCount, duration } = this.info ?? {};
    const beyond = 'frame' in to ? to.frame >= (frameCount ?? Infinity) : to.seconds > (duration ?? Infinity);
    if (beyond) throw notThere(to);
    this.#seek?.failed(new CommandError('NOT_SEEKABLE', 'another seek came before this one was done'));
    await new Promise<void>((arrived, failed) => {
      this.#seek = { to, arrived, failed };
      this.#wake();
    });
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#seek?.failed(new CommandError('STREAM_ENDED', 'the stream was removed'));
    this.#seek = undefined;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Frame, undefined> {
    const { loop = false, onEvent } = this.#options;
    let seek: Seek | undefined;
    let index = 0;
    let pts = 0;
    onEvent({ kind: 'connecting' });
    while (!this.#closed.signal.aborted) {
      const source = await this.#open(seek?.to).catch((error) => {
        seek?.failed(error);
        throw error;
      });
      let next: { index: number; pts: number } | undefined;
      try {
        for await (const played of this.#play(source, { index, pts }, seek)) {
          seek = undefined;
          next = { index: played.index + 1, pts: played.pts + 1 / (source.info.frameRate ?? 25) };
          yield played;
        }
      } finally {
        await source.close();
      }
      seek?.failed(notThere(seek.to));
      seek = undefined;
      if (!this.#seek && loop && next) ({ index, pts } = next);
      else {
        if (!this.#seek) await this.#atEnd();
        seek = this.#seek;
        this.#seek = undefined;
        index = 0;
        pts = 0;
      }
    }
    return undefined;
  }

  #open(start: Place | undefined): Promise<FrameSource> {
    const { threads, fps, maxFrames, stallTimeout } = this.#options;
    const signal = this.#closed.signal;
    return openSource(this.#path, { threads, fps, maxFrames, stallTimeout, start, signal }).catch((error) => {
      throw signal.aborted ? signal.reason : error;
    });
  }

  /** Plays until the end, a seek or the close. */
  async *#play(
    source: FrameSource,
    shift: { index: number; pts: number },
    seek?: Seek,
  ): AsyncGenerator<Frame, undefined> {
    this.info = source.info;
    let first = true;
    let origin: { wall: number; pts: number } | undefined;
    for await (const frame of source) {
      let given = false;
      try {
        // The first picture and one that was sought are shown while paused, too.
        const shown = first && shift.index === 0;
        if (!shown && (await this.#whilePaused())) origin = undefined;
        origin = await this.#pace(frame.pts, origin);
        if (this.#seek || this.#closed.signal.aborted) return undefined;
        if (first) {
          this.#ended = false;
          this.#options.onEvent({ kind: seek ? 'sought' : 'live' });
          seek?.arrived();
          first = false;
        }
        given = true;
        yield new ShiftedFrame(frame, shift);
      } finally {
        if (!given) frame.release();
      }
    }
    return undefined;
  }

  /** @returns whether there was a pause */
  async #whilePaused(): Promise<boolean> {
    let waited = false;
    while (this.#paused && !this.#seek && !this.#closed.signal.aborted) {
      waited = true;
      await this.#wait();
    }
    return waited;
  }

  async #pace(pts: number, origin: { wall: number; pts: number } | undefined) {
    if (this.#options.realtime === false) return undefined;
    const now = performance.now();
    const due = origin && origin.wall + (pts - origin.pts) * 1000;
    if (origin === undefined || due === undefined || now > due + CATCH_UP_MS) return { wall: now, pts };
    if (due > now) await this.#wait(due - now);
    return origin;
  }

  async #atEnd(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#ended = true;
    this.#options.onEvent({ kind: 'ended' });
    while (!this.#seek && !this.#closed.signal.aborted) await this.#wait();
  }

  async #wait(ms?: number): Promise<void> {
    const { signal } = this.#nudge;
    if (ms !== undefined) return sleep(ms, undefined, { signal }).catch(() => undefined);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  #wake(): void {
    const nudge = this.#nudge;
    this.#nudge = new AbortController();
    nudge.abort();
  }
}

function notThere(to: Place): CommandError {
  const place = 'frame' in to ? `frame ${to.frame}` : `${to.seconds} s`;
  return new CommandError('NOT_SEEKABLE', `to: expected a place in the file, got ${place}, beyond its end`);
}
