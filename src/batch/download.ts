import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hidden, request } from './address.js';
import { BatchError } from './errors.js';
import type { BatchJob } from './job.js';
import type { StateFolder } from './state-folder.js';

/**
 * Fetches a job's input into its state folder, once, so that frames are counted in a file that does not change. It is removed with the rest
 * of the state when the job is done.
 */
export async function downloaded(job: BatchJob, state: StateFolder, signal?: AbortSignal): Promise<string> {
  const { location, size } = job.input;
  const file = state.file(`input${extname(new URL(location).pathname)}`);
  if (await stat(file).catch(() => null)) return file;
  await mkdir(state.path, { recursive: true });
  const part = `${file}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const answer = await request(location, { signal });
    if (!answer.ok || !answer.body) throw new Error(`HTTP ${answer.status}`);
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(part), { signal });
    const got = (await stat(part)).size;
    if (size > 0 && got !== size) throw new Error(`${got} bytes`);
    await rename(part, file);
    return file;
  } catch (cause) {
    await rm(part, { force: true });
    signal?.throwIfAborted();
    if (cause instanceof BatchError) throw cause;
    const expected = size > 0 ? `${size} bytes` : 'a video';
    throw new BatchError(
      'INPUT_CHANGED',
      `${hidden(location)}: expected ${expected}, got ${(cause as Error).message}`,
      { cause },
    );
  }
}
