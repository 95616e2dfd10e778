import { basename, join, resolve } from 'node:path';
import { contentLines, readBoxFile, readText } from './box-lines.js';
import { DatasetError } from './error.js';
import { list, picturesOf, requireFirstBox } from './files.js';
import type { AnnotationOptions, Sequence } from './sequence.js';

/** Whether a folder's entries are those of a GOT-10k sequence: stills beside `groundtruth.txt`. */
export function looksLikeGot10k(listing: { folders: readonly string[]; files: readonly string[] }): boolean {
  return listing.files.includes('groundtruth.txt') && picturesOf('', { ...listing }).length > 0;
}

/**
 * Reads a sequence in GOT-10k layout: stills beside `groundtruth.txt` (`x,y,width,height` a line) and, where there is one,
 * `absence.label` (a line a frame, 1 where the target is absent: those boxes become `null`).
 *
 * @throws {DatasetError} where a file is missing or a line is wrong; the line is named
 */
export async function readGot10kSequence(folder: string, options: AnnotationOptions = {}): Promise<Sequence> {
  const name = basename(resolve(folder));
  const listing = await list(folder);
  const pictures = picturesOf(folder, listing);
  if (pictures.length === 0) throw new DatasetError(folder, 'pictures (.jpg, .png, ...)', 'none');
  const file = join(folder, 'groundtruth.txt');
  let boxes = await readBoxFile(file, options);
  if (listing.files.includes('absence.label')) {
    const absent = await readFlags(join(folder, 'absence.label'), boxes.length);
    boxes = boxes.map((box, k) => (absent[k] ? null : box));
  }
  const target = requireFirstBox({ name, file, boxes });
  return { name, layout: 'got10k', source: folder, pictures, skip: 0, targets: [target] };
}

async function readFlags(file: string, count: number): Promise<boolean[]> {
  const lines = contentLines(await readText(file));
  if (lines.length !== count) {
    throw new DatasetError(file, `${count} lines, one for each line of groundtruth.txt`, `${lines.length}`);
  }
  return lines.map((line, k) => {
    if (line !== '0' && line !== '1') {
      throw new DatasetError(`${file}:${k + 1}`, '0 or 1', JSON.stringify(line));
    }
    return line === '1';
  });
}
