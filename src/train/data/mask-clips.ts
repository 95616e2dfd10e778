import { stat } from 'node:fs/promises';
import { type MaskSequence, readMaskTargets } from '../../datasets/index.js';
import type { StoredClip } from './catalogue.js';

/** The sequences of a folder of masks, and the folder's position among the recipe's. */
export interface MaskFolder {
  readonly at: number;
  readonly sequences: readonly MaskSequence[];
}

/** What the clips of masks follow from: names, categories, and size and time of every mask. */
export async function listingOf(folders: readonly MaskFolder[]): Promise<unknown> {
  const stamps: unknown[] = [];
  for (const { at, sequences } of folders) {
    for (const { name, frames, categories } of sequences) {
      const times = await Promise.all(
        frames.map(async ({ picture, mask }) => {
          const { size, mtimeMs } = await stat(mask);
          return [picture, mask, size, mtimeMs];
        }),
      );
      stamps.push([at, name, categories, times]);
    }
  }
  return stamps;
}

/** A clip for every object of every sequence; objects of a sequence share its pictures. */
export async function readMaskClips(
  folders: readonly MaskFolder[],
  add: (file: string) => number,
  onProgress: (done: number, total: number) => void,
): Promise<StoredClip[]> {
  const clips: StoredClip[] = [];
  const total = folders.reduce(
    (n, { sequences }) => n + sequences.reduce((m, s) => m + s.frames.length, 0),
    0,
  );
  let done = 0;
  for (const { at, sequences } of folders) {
    for (const sequence of sequences) {
      const { name: video, frames } = sequence;
      const pictures = new Map<number, number>();
      for (const { name, category, boxes } of await readMaskTargets(sequence)) {
        const sightings = boxes.flatMap((box, k) => {
          if (box === null) return [];
          const picture = pictures.get(k) ?? add(frames[k].picture);
          pictures.set(k, picture);
          return [{ picture, box }];
        });
        // Objects of a sequence without categories are of many kinds: each is its own.
        clips.push({ name, sightings, folder: at, video, kind: category ?? name });
      }
      done += frames.length;
      onProgress(done, total);
    }
  }
  return clips;
}
