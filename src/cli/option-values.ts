import { InvalidArgumentError } from '../common/index.js';

/** A parser of options that count something. */
export function count(name: string, least = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least)
      throw new InvalidArgumentError(name, `a whole number >= ${least}`, text);
    return value;
  };
}

/** Frames per second, `--fps`. */
export function frameRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && Number.isFinite(rate))) throw new InvalidArgumentError('--fps', 'more than 0', text);
  return rate;
}

/** A port to listen on, `--port`; 0 is any free one. */
export function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65_535) throw new InvalidArgumentError('--port', '0 to 65535', text);
  return number;
}

/** A parser of options that may be given several times. */
export function each(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
