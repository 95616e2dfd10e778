import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { removeAtExit } from './at-exit.js';
import { OutputError } from './error.js';
import { partPath } from './part-name.js';

/**
 * A place to write a file so that nobody ever sees half of it: a hidden neighbour, renamed at the end. What exists and is no regular
 * file (a pipe, `/dev/null`) is written in place.
 */
export interface PartFile {
  /** Where to write; ends like the final name, because encoders choose a container by it. */
  readonly path: string;
  /** Puts the finished file in its place, over what was there. */
  finish(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/**
 * @param file the final name
 * @throws {OutputError} where its folder does not exist or the name is a folder's
 */
export async function openPartFile(file: string): Promise<PartFile> {
  const folder = dirname(file);
  const parent = await stat(folder).catch(() => null);
  if (!parent?.isDirectory()) throw new OutputError(file, `no folder ${folder}`);
  const existing = await stat(file).catch(() => null);
  if (existing?.isDirectory()) throw new OutputError(file, 'a folder');
  if (existing && !existing.isFile()) {
    return { path: file, finish: () => Promise.resolve(), discard: () => Promise.resolve() };
  }
  const extension = extname(file);
  const path = await partPath(folder, basename(file, extension), extension);
  const keep = removeAtExit(path);
  return {
    path,
    async finish() {
      try {
        await rename(path, file);
        keep();
      } catch (cause) {
        keep();
        await rm(path, { force: true });
        throw new OutputError(file, (cause as Error).message, { cause });
      }
    },
    async discard() {
      keep();
      await rm(path, { force: true });
    },
  };
}
