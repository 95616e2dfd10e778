import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { ResultFileError } from './error.js';

const LONGEST_LINE = 1 << 26;

/** One line of a text file. */
export interface TextLine {
  /** 1-based. */
  readonly number: number;
  /** Without its line break. */
  readonly text: string;
}

/**
 * Chunks of a UTF-8 text file, a byte order mark left out.
 *
 * @throws {ResultFileError} where it cannot be read
 */
export async function* readChunks(file: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let first = true;
  try {
    for await (const bytes of createReadStream(file)) {
      const text = decoder.write(bytes as Buffer);
      yield first ? text.replace(/^\uFEFF/, '') : text;
      first = false;
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new ResultFileError(file, 'a readable file', code, { cause });
  }
  yield decoder.end();
}

/**
 * Lines of a UTF-8 text file, one at a time.
 *
 * @throws {ResultFileError} where it cannot be read, or a line is longer than 64 Mi characters
 */
export async function* readLines(file: string): AsyncGenerator<TextLine> {
  let number = 0;
  let rest = '';
  for await (const chunk of readChunks(file)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines)
      yield { number: ++number, text: line.endsWith('\r') ? line.slice(0, -1) : line };
    if (rest.length > LONGEST_LINE) {
      throw new ResultFileError(`${file}:${number + 1}`, 'lines of text', 'a line without end');
    }
  }
  if (rest !== '') yield { number: number + 1, text: rest };
}
