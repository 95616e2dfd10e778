import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ResultSource, resultFileName, writeResults } from '../../../src/formats/exchange/index.js';
import type { BoxMessage, ResultFormat } from '../../../src/formats/index.js';
import { stream } from './messages.js';

/** The video of the tests' results. */
export const VIDEO: ResultSource = { name: 'video.mp4', frameRate: 25 };

/** Writes results to a scratch folder, hands their path to `look` and removes them. */
export async function withWritten<T>(
  format: ResultFormat,
  messages: readonly BoxMessage[],
  look: (path: string, written: readonly string[]) => Promise<T>,
  source = VIDEO,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'siamtrack-exchange-'));
  try {
    const path = join(folder, resultFileName(format, 'video'));
    return await look(path, await writeResults(format, stream(messages), source, path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The text of a format that is one file. */
export function writtenText(
  format: ResultFormat,
  messages: readonly BoxMessage[],
  source = VIDEO,
): Promise<string> {
  return withWritten(format, messages, (path) => readFile(path, 'utf8'), source);
}
