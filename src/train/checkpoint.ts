import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SiamtrackError } from '../common/index.js';

const MAGIC = 'siamtrack checkpoint 1\n';

/** Named arrays and a small header, in one file. */
export interface Checkpoint {
  readonly header: Record<string, unknown>;
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

/** A checkpoint that cannot be read. Code `TRAIN_CHECKPOINT`. */
export class CheckpointError extends SiamtrackError {}

/** Writes a checkpoint so that a kill at any moment leaves the old one or the new one. */
export async function writeCheckpoint(file: string, { header, arrays }: Checkpoint): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const lengths = Object.fromEntries(Object.entries(arrays).map(([k, v]) => [k, v.length]));
  const head = `${MAGIC}${JSON.stringify({ header, lengths })}\n`;
  const bodies = Object.values(arrays).map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));
  await writeFile(`${file}.part`, Buffer.concat([Buffer.from(head), ...bodies]));
  await rename(`${file}.part`, file);
}

/** @throws CheckpointError where the file is not a whole checkpoint */
export async function readCheckpoint(file: string): Promise<Checkpoint> {
  const bytes = await readFile(file);
  if (bytes.subarray(0, MAGIC.length).toString('latin1') !== MAGIC) {
    throw new CheckpointError(
      'TRAIN_CHECKPOINT',
      `${file}: expected a siamtrack checkpoint, got another file`,
    );
  }
  const end = bytes.indexOf(10, MAGIC.length);
  const { header, lengths } = JSON.parse(bytes.subarray(MAGIC.length, end).toString()) as {
    header: Record<string, unknown>;
    lengths: Record<string, number>;
  };
  const arrays: Record<string, Float32Array> = {};
  let at = end + 1;
  for (const [name, length] of Object.entries(lengths)) {
    const part = bytes.subarray(at, at + length * 4);
    if (part.length !== length * 4) {
      throw new CheckpointError(
        'TRAIN_CHECKPOINT',
        `${file}: expected ${length} values of ${name}, got ${Math.floor(part.length / 4)}`,
      );
    }
    arrays[name] = new Float32Array(new Uint8Array(part).buffer);
    at += length * 4;
  }
  return { header, arrays };
}
