import type { I420Picture } from '../common/index.js';

/**
 * One decoded, upright picture with its place in time. The pixel buffer belongs to a pool: a frame starts with one
 * reference, held by whoever received it; each `retain()` adds one, each `release()` drops one, and at zero the
 * buffer is reused for a later frame. Reading the planes after the last release is an error of the caller.
 */
export interface Frame extends I420Picture {
  /** 0-based position in decoding (display) order. */
  readonly index: number;
  /** Presentation time in seconds, from the container; for stills `index / fps`. */
  readonly pts: number;
  /** Milliseconds since the epoch at which the frame left the decoder. */
  readonly wallTime: number;
  retain(): this;
  release(): void;
}
