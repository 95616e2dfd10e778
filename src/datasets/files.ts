import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from './error.js';
import type { SequenceTarget } from './sequence.js';

const PICTURE = /\.(jpe?g|png|webp|tiff?|bmp)$/i;
const VIDEO = /\.(mpe?g|mp4|m4v|mov|mkv|avi|webm|ts|flv|wmv|ogv|y4m)$/i;
const byNumber = new Intl.Collator('en', { numeric: true });

/** What a folder holds, each list in natural order (`2` before `10`); hidden entries are left out. */
export interface Listing {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/**
 * Lists a folder, following links.
 *
 * @throws {DatasetError} where it is missing or unreadable
 */
export async function list(folder: string): Promise<Listing> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new DatasetError(folder, 'a readable folder', reason, { cause });
  }
  const seen = entries.filter((entry) => !entry.name.startsWith('.'));
  const names = (wanted: Dirent[]) => wanted.map((entry) => entry.name).sort(byNumber.compare);
  return {
    folders: names(seen.filter((entry) => entry.isDirectory() || entry.isSymbolicLink())),
    files: names(seen.filter((entry) => entry.isFile() || entry.isSymbolicLink())),
  };
}

/** Full paths of the pictures among a folder's files. */
export function picturesOf(folder: string, { files }: Listing): string[] {
  return files.filter((name) => PICTURE.test(name)).map((name) => join(folder, name));
}

/** Full paths of the videos among a folder's files. */
export function videosOf(folder: string, { files }: Listing): string[] {
  return files.filter((name) => VIDEO.test(name)).map((name) => join(folder, name));
}

/**
 * Checks that a target's truth has somewhere to start from.
 *
 * @throws {DatasetError} where there is no box, or none on the first frame
 */
export function requireFirstBox(target: SequenceTarget): SequenceTarget {
  if (target.boxes.length === 0) throw new DatasetError(target.file, 'one box a line', 'an empty file');
  if (target.boxes[0] === null) {
    throw new DatasetError(`${target.file}:1`, 'a box with an area to start from', 'none');
  }
  return target;
}
