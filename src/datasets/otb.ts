import { basename, join, resolve } from 'node:path';
import { readBoxFile } from './box-lines.js';
import { DatasetError } from './error.js';
import { list, picturesOf, requireFirstBox } from './files.js';
import type { AnnotationOptions, Sequence } from './sequence.js';

const TRUTH = /^groundtruth_rect(?:\.(\d+))?\.txt$/;

/** Whether a folder's entries are those of an OTB sequence: `img/` beside `groundtruth_rect*.txt`. */
export function looksLikeOtb(listing: { folders: readonly string[]; files: readonly string[] }): boolean {
  return listing.folders.includes('img') && listing.files.some((file) => TRUTH.test(file));
}

/**
 * Reads a sequence in OTB layout: stills in `img/`, boxes `x,y,width,height` in `groundtruth_rect.txt`, or one file a target in
 * `groundtruth_rect.1.txt`, `groundtruth_rect.2.txt`, ... (the unnumbered file is then left out).
 *
 * @throws {DatasetError} where a file is missing or a line is not a box; the line is named
 */
export async function readOtbSequence(folder: string, options: AnnotationOptions = {}): Promise<Sequence> {
  const name = basename(resolve(folder));
  const { files } = await list(folder);
  const truths = files.flatMap((file) => {
    const match = TRUTH.exec(file);
    return match ? [{ file, number: match[1] }] : [];
  });
  const wanted = truths.length > 1 ? truths.filter(({ number }) => number !== undefined) : truths;
  if (wanted.length === 0) throw new DatasetError(folder, 'a groundtruth_rect.txt', 'none');
  const source = join(folder, 'img');
  const pictures = picturesOf(source, await list(source));
  if (pictures.length === 0) throw new DatasetError(source, 'pictures (.jpg, .png, ...)', 'none');
  const targets = await Promise.all(
    wanted.map(async ({ file, number }) => {
      const path = join(folder, file);
      const boxes = await readBoxFile(path, options);
      return requireFirstBox({ name: number ? `${name}.${number}` : name, file: path, boxes });
    }),
  );
  const skip = framesBeforeTruth(name, pictures.length, targets[0].boxes.length);
  return { name, layout: 'otb', source, pictures, skip, targets };
}

/**
 * Reads every OTB sequence directly inside a folder, in natural order; other entries are left alone.
 *
 * @throws {DatasetError} where there is none, or one cannot be read
 */
export async function readOtbFolder(folder: string, options: AnnotationOptions = {}): Promise<Sequence[]> {
  const sequences: Sequence[] = [];
  for (const name of (await list(folder)).folders) {
    const path = join(folder, name);
    if (looksLikeOtb(await list(path))) sequences.push(await readOtbSequence(path, options));
  }
  if (sequences.length === 0) {
    throw new DatasetError(folder, 'folders with img/ and groundtruth_rect.txt', 'none');
  }
  return sequences;
}

/** OTB's David comes with 770 stills, of which its 471 boxes describe the last (its benchmark starts it at frame 300). */
function framesBeforeTruth(name: string, pictures: number, boxes: number): number {
  return name === 'David' && pictures === 770 && boxes === 471 ? 299 : 0;
}
