import type { z } from 'zod';
import { readText } from './box-lines.js';
import { DatasetError } from './error.js';

/**
 * Reads a JSON file of a data set.
 * @param what names what is expected, in messages
 * @throws DatasetError where the file is not that, naming the entry
 */
export async function readJson<T>(file: string, schema: z.ZodType<T>, what: string): Promise<T> {
  let parsed: unknown;
  const text = await readText(file);
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new DatasetError(file, 'JSON', (cause as Error).message, { cause });
  }
  const checked = schema.safeParse(parsed);
  if (checked.success) return checked.data;
  const { path, message } = checked.error.issues[0];
  throw new DatasetError(`${file}: ${path.join('.') || 'top level'}`, what, message, {
    cause: checked.error,
  });
}
