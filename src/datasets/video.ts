import { basename, join, resolve } from 'node:path';
import { readBoxFile } from './box-lines.js';
import { DatasetError } from './error.js';
import { list, requireFirstBox, videosOf } from './files.js';
import type { AnnotationOptions, Sequence } from './sequence.js';

/** Whether a folder's entries are those of a TLD video: a video file beside `gt.txt`. */
export function looksLikeVideo(listing: { folders: readonly string[]; files: readonly string[] }): boolean {
  return listing.files.includes('gt.txt') && videosOf('', listing).length > 0;
}

/**
 * Reads a sequence in the layout of the TLD data set: one video file beside `gt.txt` with `x1,y1,x2,y2` a line, first and last
 * pixel of the target, NaN where it is not visible (those boxes become `null`).
 *
 * @throws {DatasetError} where a file is missing, two videos leave a choice, or a line is wrong
 */
export async function readVideoSequence(folder: string, options: AnnotationOptions = {}): Promise<Sequence> {
  const name = basename(resolve(folder));
  const videos = videosOf(folder, await list(folder));
  if (videos.length !== 1) {
    throw new DatasetError(folder, 'one video file', videos.length === 0 ? 'none' : videos.join(', '));
  }
  const file = join(folder, 'gt.txt');
  const boxes = await readBoxFile(file, { ...options, numbers: 'corners' });
  const target = requireFirstBox({ name, file, boxes });
  return { name, layout: 'video', source: videos[0], pictures: null, skip: 0, targets: [target] };
}
