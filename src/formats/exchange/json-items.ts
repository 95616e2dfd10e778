import { JSONParser } from '@streamparser/json';
import { ResultFileError } from './error.js';
import { readChunks } from './text-lines.js';

/** One item of a list in a JSON object. */
export interface JsonItem {
  readonly list: string;
  readonly value: unknown;
  /** File and line (1-based) at which it ends. */
  readonly where: string;
}

/**
 * Items of lists at the top of a JSON object, one at a time, in the order of the file.
 *
 * @param lists the keys of those lists; everything else is passed over
 * @throws {ResultFileError} naming the line that is not JSON
 */
export async function* readJsonItems(file: string, lists: readonly string[]): AsyncGenerator<JsonItem> {
  const parser = new JSONParser({ paths: lists.map((list) => `$.${list}.*`), keepStack: false });
  let found: JsonItem[] = [];
  let line = 1;
  parser.onValue = ({ value, stack }) => {
    found.push({ list: String(stack[1]?.key), value, where: `${file}:${line}` });
  };
  // Errors are thrown by `write` itself, where the line is known.
  parser.onError = () => undefined;
  const write = (text: string) => {
    try {
      parser.write(text);
    } catch (cause) {
      throw new ResultFileError(`${file}:${line}`, 'JSON', (cause as Error).message, { cause });
    }
  };
  for await (const chunk of readChunks(file)) {
    for (const piece of chunk.split(/(?<=\n)/)) {
      write(piece);
      yield* found;
      found = [];
      if (piece.endsWith('\n')) line++;
    }
  }
  if (!parser.isEnded) throw new ResultFileError(`${file}:${line}`, 'JSON', 'its end too early');
}
