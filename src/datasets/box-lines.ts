import { readFile } from 'node:fs/promises';
import type { Box } from '../common/index.js';
import { DatasetError } from './error.js';
import type { AnnotationOptions } from './sequence.js';

/** Options of {@link parseBoxLines}. */
export interface BoxLineOptions extends AnnotationOptions {
  /**
   * `xywh`: top-left corner and size; `corners`: first and last pixel, both inside the box, so that the width is
   * `x2 - x1 + 1` (TLD's convention: `142,125,232,164` there is OTB's `142,125,91,40`). Default `xywh`.
   */
  readonly numbers?: 'xywh' | 'corners';
}

/**
 * Reads one box a line: four numbers separated by commas, tabs, semicolons or spaces. A line of NaNs, or a box without area,
 * says that the target is absent from that frame and becomes `null`. Blank lines may only end the text.
 *
 * @param file name shown in errors
 * @returns boxes in 0-based pixels, one a line
 * @throws {DatasetError} naming the file and line
 */
export function parseBoxLines(text: string, file: string, options: BoxLineOptions = {}): (Box | null)[] {
  const expected =
    options.numbers === 'corners' ? 'four numbers x1,y1,x2,y2' : 'four numbers x,y,width,height';
  return contentLines(text).map((line, k) => {
    const numbers = line.split(/[,;\s]+/).map(parseNumber);
    if (numbers.length !== 4 || numbers.includes(null)) {
      throw new DatasetError(`${file}:${k + 1}`, expected, JSON.stringify(line));
    }
    return toBox(numbers as number[], options);
  });
}

/** {@link parseBoxLines} of a file. */
export async function readBoxFile(file: string, options: BoxLineOptions = {}): Promise<(Box | null)[]> {
  return parseBoxLines(await readText(file), file, options);
}

/** Reads a text file, with a {@link DatasetError} that names it where that fails. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new DatasetError(file, 'a readable text file', reason, { cause });
  }
}

/** Trimmed lines of a text, without a byte order mark and without the blank lines at its end. */
export function contentLines(text: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trimEnd();
  return trimmed === '' ? [] : trimmed.split(/\r\n|\n|\r/).map((line) => line.trim());
}

function parseNumber(word: string): number | null {
  if (/^[+-]?nan$/i.test(word)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : null;
}

function toBox(numbers: number[], { numbers: kind = 'xywh', oneBased = true }: BoxLineOptions): Box | null {
  const first = oneBased ? 1 : 0;
  const [x, y] = [numbers[0] - first, numbers[1] - first];
  const [w, h] =
    kind === 'corners'
      ? [numbers[2] - numbers[0] + 1, numbers[3] - numbers[1] + 1]
      : [numbers[2], numbers[3]];
  return w > 0 && h > 0 && !Number.isNaN(x + y) ? [x, y, w, h] : null;
}
