import { type Box, InvalidArgumentError } from '../common/index.js';

/**
 * Boxes as the text that OTB, GOT-10k and VOT toolkits read: one `x,y,width,height` a line, `NaN,NaN,NaN,NaN` for `null`. Numbers
 * carry up to 4 decimals.
 *
 * @param options.oneBased call the top-left pixel `1, 1`, as those data sets do; default `true`
 */
export function formatBoxes(
  boxes: readonly (Box | null)[],
  { oneBased = true }: { readonly oneBased?: boolean } = {},
): string {
  const first = oneBased ? 1 : 0;
  return boxes
    .map((box) => `${box ? line([box[0] + first, box[1] + first, box[2], box[3]]) : ABSENT}\n`)
    .join('');
}

/** Scores as text, one a line with up to 6 decimals. */
export function formatScores(scores: readonly number[]): string {
  return scores.map((score) => `${round(score, 6)}\n`).join('');
}

/**
 * A box as commands and messages name it.
 *
 * @param name what to call the parameter in an error
 * @param text `x,y,width,height` in 0-based pixels; spaces around the commas are allowed
 * @throws {InvalidArgumentError} where the text is not four finite numbers with a size greater than 0
 */
export function parseBox(name: string, text: string): Box {
  const words = text.split(',').map((word) => word.trim());
  const numbers = words.map((word) => (word === '' ? Number.NaN : Number(word)));
  const [x, y, w, h] = numbers;
  if (numbers.length !== 4 || !numbers.every(Number.isFinite) || !(w > 0 && h > 0)) {
    throw new InvalidArgumentError(name, 'x,y,width,height in pixels with a size greater than 0', text);
  }
  return [x, y, w, h];
}

/** `value` with at most `decimals` decimals; never `-0`. */
export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals)) + 0;
}

const ABSENT = 'NaN,NaN,NaN,NaN';

function line(numbers: readonly number[]): string {
  return numbers.map((value) => round(value, 4)).join(',');
}
