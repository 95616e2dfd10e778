import { InvalidArgumentError, SiamtrackError } from '../common/index.js';
import type { Frame } from '../ingest/index.js';

/** Which frame the first boxes belong to: by its index, or the first one at or after a time. */
export type Start = { readonly frame: number } | { readonly seconds: number };

/** The source ended before the frame at which tracking was to start. `code` is always `START_NOT_REACHED`. */
export class StartNotReachedError extends SiamtrackError {
  constructor(start: Start, frames: number) {
    const wanted = 'frame' in start ? `frame ${start.frame}` : `a frame at ${start.seconds} s`;
    super('START_NOT_REACHED', `start: expected ${wanted}, got a source of ${frames} frames`);
  }
}

/**
 * @param text a whole number is a frame index; with a decimal point or an `s` behind it, it is seconds of pts: `120` is frame 120, `12.5`
 * and `12s` are times
 * @throws {InvalidArgumentError} for anything else
 */
export function parseStart(name: string, text: string): Start {
  if (/^\d+$/.test(text)) return { frame: Number(text) };
  const match = /^(\d+\.?\d*|\.\d+)s?$/.exec(text);
  if (!match) {
    throw new InvalidArgumentError(name, 'a frame index such as 120 or a time such as 12.5 or 12s', text);
  }
  return { seconds: Number(match[1]) };
}

/** Whether a frame is the start or lies after it. A time is met within a microsecond, since pts are sums of fractions. */
export function hasStarted(start: Start, frame: Pick<Frame, 'index' | 'pts'>): boolean {
  return 'frame' in start ? frame.index >= start.frame : frame.pts >= start.seconds - 1e-6;
}
