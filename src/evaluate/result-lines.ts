import { readFile } from 'node:fs/promises';
import { DatasetError } from '../datasets/index.js';
import { TargetState } from '../formats/index.js';

/** One state a line. */
export function formatStates(states: readonly TargetState[]): string {
  return states.map((state) => `${state}\n`).join('');
}

/**
 * Reads one finite number a line. The first, which belongs to the given frame, may be anything.
 *
 * @param file name shown in errors
 * @throws {DatasetError} naming the file and line
 */
export function parseScores(text: string, file: string): number[] {
  return linesOf(text).map((line, k) => {
    const score = line === '' ? Number.NaN : Number(line);
    if (Number.isFinite(score)) return score;
    if (k === 0) return 1;
    throw new DatasetError(`${file}:${k + 1}`, 'a number, the score', JSON.stringify(line));
  });
}

/** Reads `tracking`, `uncertain` or `lost`, one a line; otherwise like {@link parseScores}. */
export function parseStates(text: string, file: string): TargetState[] {
  return linesOf(text).map((line, k) => {
    const state = TargetState.safeParse(line);
    if (state.success) return state.data;
    throw new DatasetError(`${file}:${k + 1}`, TargetState.options.join(' or '), JSON.stringify(line));
  });
}

/** The text of a file that need not be there: `null` where it is not. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new DatasetError(file, 'a readable text file', code ?? String(cause), { cause });
  }
}

/** Lines without the blank ones at the end; the first may be blank. */
function linesOf(text: string): string[] {
  const trimmed = text.replace(/^\uFEFF/, '').trimEnd();
  return trimmed === '' ? [] : trimmed.split(/\r\n|\n|\r/).map((line) => line.trim());
}
