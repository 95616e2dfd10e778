import { SiamtrackError } from '../common/index.js';

/**
 * What can go wrong between a path and its frames. Stable across releases.
 *
 * - `SOURCE_NOT_FOUND`: no such file or folder.
 * - `SOURCE_UNREADABLE`: it exists, and the system refuses to let it be read.
 * - `SOURCE_UNSUPPORTED`: a kind of source that this function, or this ffmpeg, does not take.
 * - `SOURCE_UNREACHABLE`: nobody answers at that address: no such host, refused, no route.
 * - `AUTH_FAILED`: the server wants other credentials than it got (401, 403).
 * - `CONNECT_TIMEOUT`: no frame within `connectTimeout` of an attempt.
 * - `SOURCE_ENDED`: the other side of a live source ended the stream.
 * - `HARDWARE_FAILED`: the hardware decoder asked for does not work; software takes over.
 * - `NOT_A_VIDEO`: a file in which ffmpeg finds no video stream.
 * - `EMPTY_FOLDER`: a folder without a single picture.
 * - `FFMPEG_NOT_FOUND`: ffmpeg or ffprobe cannot be started.
 * - `DECODE_FAILED`: frames stopped before the end of the source; the message names the last good frame.
 * - `SOURCE_STALLED`: nothing came for `stallTimeout` while a frame was awaited.
 * - `POOL_EXHAUSTED`: the consumer holds `maxFrames` frames and asks for one more.
 * - `SOURCE_BUSY`: a source was iterated a second time.
 * - `FRAME_RELEASED`: a frame was retained or released after its last release.
 */
export type IngestErrorCode =
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_UNSUPPORTED'
  | 'SOURCE_UNREACHABLE'
  | 'AUTH_FAILED'
  | 'CONNECT_TIMEOUT'
  | 'SOURCE_ENDED'
  | 'HARDWARE_FAILED'
  | 'NOT_A_VIDEO'
  | 'EMPTY_FOLDER'
  | 'FFMPEG_NOT_FOUND'
  | 'DECODE_FAILED'
  | 'SOURCE_STALLED'
  | 'POOL_EXHAUSTED'
  | 'SOURCE_BUSY'
  | 'FRAME_RELEASED';

/** Thrown by everything in this folder; see {@link IngestErrorCode}. */
export class IngestError extends SiamtrackError {
  declare readonly code: IngestErrorCode;
  /** Where frames stopped (`DECODE_FAILED`): the index of the first frame that could not be had. */
  readonly frame?: number;

  constructor(code: IngestErrorCode, message: string, options: ErrorOptions & { frame?: number } = {}) {
    super(code, message, options);
    if (options.frame !== undefined) this.frame = options.frame;
  }
}
