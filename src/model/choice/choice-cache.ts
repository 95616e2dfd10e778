import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../../common/index.js';
import type { EngineName } from '../engine-name.js';

const engineName = z.custom<EngineName>(
  (value) => typeof value === 'string' && /^(onnx(-\w+)?|tensorflow)$/.test(value),
);
const precision = z.enum(['float32', 'int8']);

const rowSchema = z.strictObject({
  engine: engineName,
  precision,
  runtime: z.string().optional(),
  device: z.string().optional(),
  /** The device is no GPU but a program that passes for one; never chosen. */
  software: z.boolean().optional(),
  /** Milliseconds per search region, alone and in a batch. */
  alone: z.number().optional(),
  batch: z.number().optional(),
  /** Why it does not work. */
  problem: z.string().optional(),
});

const choiceSchema = z.strictObject({
  format: z.literal(1),
  engine: engineName,
  precision,
  /** Every candidate, as measured. */
  table: z.array(rowSchema),
});

/** One candidate, as measured or why it could not be. */
export type ChoiceRow = z.infer<typeof rowSchema>;
/** An answer that is remembered. */
export type StoredChoice = z.infer<typeof choiceSchema>;

/** All that an answer depends on; another value, another answer. */
export type ChoiceKey = Readonly<Record<string, unknown>>;

/** Where the answer to a question is remembered: `engines` in the cache folder. */
export function choiceFile(key: ChoiceKey, env: NodeJS.ProcessEnv = process.env): string {
  const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
  return join(cacheFolder(env), 'engines', `${digest}.json`);
}

/** The remembered answer; undefined where there is none, or none that can be read. */
export async function readChoice(file: string): Promise<StoredChoice | undefined> {
  try {
    return choiceSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Remembers an answer; where the folder cannot be written the next process measures again. */
export async function writeChoice(file: string, choice: StoredChoice): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(unfinished, `${JSON.stringify(choice, null, 2)}\n`);
    await rename(unfinished, file);
  } catch {
    await rm(unfinished, { force: true }).catch(() => {});
  }
}
