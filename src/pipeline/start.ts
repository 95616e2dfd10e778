import { InvalidArgumentError, SiamtrackError } from '../common/index.js';

/** Which frame the first boxes belong to: by its index, or the first one at or after a time. */
export type Start = { readonly frame: number } | { readonly seconds: number };

/** The source ended before the frame at which tracking was to start. `code` is always `START_NOT_REACHED`. */
export class StartNotReachedError extends SiamtrackError {
  constructor(start: Start) {
    const wanted = 'frame' in start ? `frame ${start.frame}` : `a frame at ${start.seconds} s`;
    super('START_NOT_REACHED', `start: expected ${wanted}, got a source that ends before it`);
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
