import { BoxMessage } from '../box-message.js';
import { ResultFileError } from './error.js';
import type { TextSink } from './text-file.js';
import { readLines } from './text-lines.js';

/** Writes the canonical record: one message a line, as they come. */
export async function writeJsonLines(out: TextSink, messages: AsyncIterable<BoxMessage>): Promise<void> {
  for await (const message of messages) await out.write(`${JSON.stringify(message)}\n`);
}

/**
 * Reads the canonical record, one message at a time. Lines of another `type` are passed over, and so are blank ones.
 *
 * @throws {ResultFileError} naming the line that is not a message
 */
export async function* readJsonLines(file: string): AsyncGenerator<BoxMessage> {
  for await (const { number, text } of readLines(file)) {
    if (text.trim() === '') continue;
    const where = `${file}:${number}`;
    const value = parse(text, where);
    const type = (value as { type?: unknown } | null)?.type;
    if (typeof type === 'string' && type !== 'boxes') continue;
    const result = BoxMessage.safeParse(value);
    if (result.success) {
      yield result.data;
      continue;
    }
    const { path, message } = result.error.issues[0];
    throw new ResultFileError(where, 'a box message', `${path.join('.') || 'the line'}: ${message}`);
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ResultFileError(where, 'a line of JSON', JSON.stringify(text), { cause });
  }
}
