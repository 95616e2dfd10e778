import type { Frame } from './frame.js';

/** What is known of a source before its first frame. */
export interface SourceInfo {
  readonly kind: 'video' | 'stills' | 'live';
  /** Upright size in pixels of the first frame; later frames carry their own. */
  readonly width: number;
  readonly height: number;
  /** Average frames per second as the container says, where it does. */
  readonly frameRate?: number;
  /** How many frames the container promises, where it does; for stills the number of pictures. */
  readonly frameCount?: number;
  /** Seconds. */
  readonly duration?: number;
  /** ffmpeg's name of the codec (`h264`), or for stills the extension of the first picture. */
  readonly codec?: string;
  /** Clockwise turn in degrees that the container asks for and that frames already have. */
  readonly rotation: 0 | 90 | 180 | 270;
}

/** Whether a source came back as something else: another size, codec or frame rate. */
export function isChanged(before: SourceInfo, now: SourceInfo): boolean {
  const { width, height, codec } = before;
  return (
    width !== now.width ||
    height !== now.height ||
    codec !== now.codec ||
    differs(before.frameRate, now.frameRate)
  );
}

/** A rate is estimated anew by each connection, and not always. */
function differs(before: number | undefined, now: number | undefined): boolean {
  return before !== undefined && now !== undefined && Math.abs(before - now) > 0.02 * before;
}

/** A problem that did not end the source: ffmpeg reported damage and went on. */
export interface SourceWarning {
  /** How many frames had left the decoder when it was reported (the damage is near, not exactly at it). */
  readonly frame: number;
  readonly message: string;
}

/** How to open a source. Everything has a default. */
export interface SourceOptions {
  /** Decoder threads (videos; default: ffmpeg's choice, one per core) or pictures decoded at once (stills; default 2). */
  readonly threads?: number;
  /**
   * Name of an ffmpeg `-hwaccel` (`cuda`, `vaapi`, `videotoolbox`, `auto` ...). Where it fails, at the start or on the way, a warning says
   * so and software takes over from the frame that is next; no frame is lost or comes twice. Stills do not use it.
   */
  readonly hardware?: string;
  /**
   * First frame to deliver: by index, or the first whose pts is at least `seconds`. Exact: everything before is
   * decoded and dropped, and indexes count from the start of the source.
   */
  readonly start?: { readonly frame: number } | { readonly seconds: number };
  /** Frames per second given to a folder of stills. Default 25. */
  readonly fps?: number;
  /** Frames decoded ahead of the consumer. Default 4. */
  readonly readAhead?: number;
  /**
   * Frames alive at once: decoded ahead plus held by the consumer. Default 64. A consumer that holds this many and
   * asks for one more gets `POOL_EXHAUSTED`: it forgot to release, or needs a higher limit.
   */
  readonly maxFrames?: number;
  /** Milliseconds without any sign from ffmpeg, while a frame is awaited, until `SOURCE_STALLED`. Default 60000. */
  readonly stallTimeout?: number;
  /** Milliseconds ffmpeg has between SIGTERM and SIGKILL when the source is closed. Default 500. */
  readonly killTimeout?: number;
  /** Default `FFMPEG_PATH`, else `ffmpeg` from the path. */
  readonly ffmpegPath?: string;
  /** Default `FFPROBE_PATH`, else `ffprobe` from the path. */
  readonly ffprobePath?: string;
  /** Closes the source when aborted; the pending frame rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told of damage that ffmpeg concealed, and of hardware that failed. */
  readonly onWarning?: (warning: SourceWarning) => void;
}

/**
 * Frames in display order. Iterate it once; the consumer owns one reference of every frame it receives and must
 * `release()` it. Leaving the loop early closes the source.
 */
export interface FrameSource extends AsyncIterable<Frame>, AsyncDisposable {
  readonly info: SourceInfo;
  /** Stops decoding and resolves when nothing of it is left running. Frames already received stay valid. */
  close(): Promise<void>;
}
