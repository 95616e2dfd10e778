import type { Frame } from './frame.js';
import type { SourceInfo, SourceWarning } from './source.js';

/**
 * What happens to a live source, in order. `wall` is in milliseconds since the epoch. No password is ever in it.
 *
 * `connecting` -> `live` -> (`stalled`) -> `reconnecting` -> `connecting` ...; `ended` or a last `error` closes the row.
 * `code` is one of {@link IngestErrorCode}.
 */
export type SourceEvent =
  /** `attempt` counts from 1 and starts again after a connection that lasted. */
  | { readonly kind: 'connecting'; readonly wall: number; readonly attempt: number }
  /**
   * The first frame of a connection is here, or the picture changed in mid-connection (`reconnected` is then false).
   * `changed`: its size, codec or frame rate is not what it was.
   */
  | {
      readonly kind: 'live';
      readonly wall: number;
      readonly info: SourceInfo;
      readonly reconnected: boolean;
      readonly changed: boolean;
    }
  /** A connection that was live gave no frame for `seconds`; it is being given up. */
  | { readonly kind: 'stalled'; readonly wall: number; readonly seconds: number }
  /** The next attempt, number `attempt`, follows in `delayMs`. */
  | {
      readonly kind: 'reconnecting';
      readonly wall: number;
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
      readonly code: string;
    }
  /** The source came to its natural end. */
  | { readonly kind: 'ended'; readonly wall: number }
  /**
   * Something that a person must see to: wrong credentials, no such camera, a missing ffmpeg. Told once until it changes
   * or the source has been live again. A source that reconnects goes on trying.
   */
  | { readonly kind: 'error'; readonly wall: number; readonly code: string; readonly message: string };

/** When a lost source is tried again: after `initialMs`, then `factor` times as long each time, at most `maxMs`. */
export interface ReconnectOptions {
  /** Milliseconds before the first new attempt. Default 500. */
  readonly initialMs?: number;
  /** At least 1. Default 2. */
  readonly factor?: number;
  /** Milliseconds. Default 30000. */
  readonly maxMs?: number;
  /**
   * Share of each delay that is left to chance, 0 to 1, so that many sources do not return in step: a delay is between
   * `(1 - jitter)` and 1 times its length. Default 0.5.
   */
  readonly jitter?: number;
  /** Failed attempts in a row after which the source gives up with the last error. Default: never. */
  readonly attempts?: number;
}

/** How to open a live source. Everything has a default. */
export interface LiveOptions {
  /** Decoder threads; more than one help only where a picture is coded in slices. Default: ffmpeg's choice. */
  readonly threads?: number;
  /** How RTSP carries its media. Default `tcp`. */
  readonly transport?: 'tcp' | 'udp';
  /** Milliseconds without a frame, on a connection that was live, until it is given up. Default 10000. */
  readonly stallTimeout?: number;
  /** Milliseconds from the start of an attempt to its first frame. Default 15000. */
  readonly connectTimeout?: number;
  /** `false`: the first failure is an error of the iteration. */
  readonly reconnect?: false | ReconnectOptions;
  /** Name of an ffmpeg `-hwaccel` (`cuda`, `vaapi`, `videotoolbox`, `auto` ...). Where it fails, software takes over. */
  readonly hardware?: string;
  /** Play a file or finite address at its native speed. Default true; `false` decodes as fast as it can. */
  readonly realtime?: boolean;
  /** Start a file again at its end, for ever. Default false. */
  readonly loop?: boolean;
  /** Frames alive at once: waiting plus held by the consumer. Beyond, new ones are skipped. Default 64, at least 2. */
  readonly maxFrames?: number;
  /** Closes the source when aborted; the pending frame rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SourceEvent) => void;
  /** Told of damage that ffmpeg concealed, hardware that failed, and frames skipped because too many are held. */
  readonly onWarning?: (warning: SourceWarning) => void;
  /** Further ffmpeg options before the input, each word its own element: `['-video_size', '1280x720']`. */
  readonly inputOptions?: readonly string[];
  /** Default `FFMPEG_PATH`, else `ffmpeg` from the path. */
  readonly ffmpegPath?: string;
  /** Default `FFPROBE_PATH`, else `ffprobe` from the path. */
  readonly ffprobePath?: string;
  /** Milliseconds ffmpeg has between SIGTERM and SIGKILL. Default 500. */
  readonly killTimeout?: number;
}

/**
 * Frames as they come; the newest wins: while the consumer works, older undelivered frames are dropped and counted.
 * Iterate it once; the consumer owns one reference of every frame it receives and must `release()` it. Leaving the
 * loop early closes the source.
 *
 * `Frame.index` counts decoded frames over the source's whole life and never repeats; dropped frames leave gaps.
 * `Frame.pts` is one continuing clock in seconds: the container's, which goes on by the wall-clock time passed wherever
 * the container's own breaks off (a new connection, a jump); it always grows. Sizes and colours may change from one
 * frame to the next.
 */
export interface LiveSource extends AsyncIterable<Frame>, AsyncDisposable {
  /** Frames that were decoded, or announced by the decoder, and not delivered. */
  readonly skipped: number;
  /** What the latest connection is; `undefined` before the first frame ever. */
  readonly info: SourceInfo | undefined;
  /** The address without its password. */
  readonly url: string;
  /** Ends everything and resolves when nothing of it is left running. Frames already received stay valid. */
  close(): Promise<void>;
}
