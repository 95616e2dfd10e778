import { join } from 'node:path';
import { DatasetError } from './error.js';
import { list } from './files.js';
import { looksLikeGot10k, readGot10kSequence } from './got10k.js';
import { looksLikeOtb, readOtbSequence } from './otb.js';
import type { AnnotationOptions, Sequence } from './sequence.js';
import { looksLikeVideo, readVideoSequence } from './video.js';

/** Options of {@link readSequences}. */
export interface ReadSequencesOptions extends AnnotationOptions {
  /** Read only the sequences of these names; each must be there. Default: all. */
  readonly only?: readonly string[];
}

/**
 * Reads every sequence of a folder, whichever layout each has (OTB, GOT-10k, TLD video), in natural order of their names. The
 * folder may also be one sequence itself. Entries that are no sequence are left alone.
 *
 * @throws {DatasetError} where there is none, a name of `only` is missing, or one cannot be read
 */
export async function readSequences(folder: string, options: ReadSequencesOptions = {}): Promise<Sequence[]> {
  const itself = await readAny(folder, options);
  if (itself) return [itself];
  const { folders } = await list(folder);
  const missing = options.only?.filter((name) => !folders.includes(name)) ?? [];
  if (missing.length > 0) throw new DatasetError(folder, `sequences named ${missing.join(', ')}`, 'none');
  const sequences: Sequence[] = [];
  for (const name of folders) {
    if (options.only && !options.only.includes(name)) continue;
    const sequence = await readAny(join(folder, name), options);
    if (sequence) sequences.push(sequence);
  }
  if (sequences.length === 0) {
    throw new DatasetError(
      folder,
      'sequences: folders with img/ and groundtruth_rect.txt (OTB), stills and groundtruth.txt (GOT-10k) or a video and gt.txt (TLD)',
      'none',
    );
  }
  return sequences;
}

async function readAny(folder: string, options: AnnotationOptions): Promise<Sequence | null> {
  const listing = await list(folder);
  if (looksLikeOtb(listing)) return readOtbSequence(folder, options);
  if (looksLikeGot10k(listing)) return readGot10kSequence(folder, options);
  if (looksLikeVideo(listing)) return readVideoSequence(folder, options);
  return null;
}
