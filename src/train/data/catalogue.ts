import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Box } from '../../common/index.js';
import {
  DatasetError,
  listMaskSequences,
  looksLikeMasks,
  readCocoAnnotations,
  readOtbFolder,
} from '../../datasets/index.js';
import { listingOf, type MaskFolder, readMaskClips } from './mask-clips.js';

/** One decoded picture in the raw cache: interleaved RGB at `offset`. */
export interface CachedPicture {
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}

/** A picture with one box on it. */
export interface Sighting {
  readonly picture: number;
  readonly box: Box;
}

/** One target followed through a clip. */
export interface CatalogueClip {
  readonly name: string;
  readonly sightings: readonly Sighting[];
  /** Position of its folder among the recipe's, and how often clips of that folder are drawn together. */
  readonly folder: number;
  readonly share: number;
  /** Boxes say where the target is and not how large. */
  readonly rough: boolean;
  /** The video it is from where other clips may be from it too; by default the clip's own name. */
  readonly video?: string;
  /** What its object is; by default as its name tells. */
  readonly kind?: string;
}

/** Everything there is to train on; pictures are indices into `pictures`. */
export interface Catalogue {
  readonly pictures: readonly CachedPicture[];
  readonly clips: readonly CatalogueClip[];
  readonly stills: readonly {
    readonly picture: number;
    readonly boxes: readonly Box[];
    readonly categories: readonly string[];
  }[];
  readonly photos: readonly number[];
}

/** What is kept on disk: all but what a recipe says of its folders. */
type Stored = Omit<Catalogue, 'clips'> & { readonly clips: readonly StoredClip[] };
export type StoredClip = Omit<CatalogueClip, 'share' | 'rough'>;

/**
 * Folders to train on. Clips: OTB layout, boxes 0-based unless said, or masks in the layout of DAVIS or Youtube-VOS; stills: COCO
 * layout; photos: any pictures.
 */
export interface DataFolders {
  readonly clips: readonly { readonly folder: string; readonly share: number; readonly rough: boolean }[];
  readonly clipsOneBased: boolean;
  readonly stills: readonly string[];
  readonly photos: readonly string[];
  /** Pictures are made at most this large along their longer side. */
  readonly longestSide: number;
}

/**
 * Decodes every picture once into one raw file, so that training reads pixels and not JPEG. The cache is found
 * again by the folders' listing and is complete or absent (it is renamed into place).
 */
export async function openCatalogue(
  data: DataFolders,
  cache: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<{ catalogue: Catalogue; pixels: string }> {
  const files: string[] = [];
  const add = (file: string) => files.push(file) - 1;
  const clips: StoredClip[] = [];
  const masked: MaskFolder[] = [];
  for (const [at, { folder }] of data.clips.entries()) {
    if (await looksLikeMasks(folder)) {
      masked.push({ at, sequences: await listMaskSequences(folder) });
      continue;
    }
    for (const sequence of await readOtbFolder(folder, { oneBased: data.clipsOneBased })) {
      for (const target of sequence.targets) {
        const sightings = (sequence.pictures ?? [])
          .slice(sequence.skip)
          .flatMap((file, i) => (target.boxes[i] ? [{ file, box: target.boxes[i] }] : []))
          .map(({ file, box }) => ({ picture: add(file), box }));
        clips.push({ name: target.name, sightings, folder: at });
      }
    }
  }
  const stills = [];
  for (const folder of data.stills) {
    for (const image of await readCocoAnnotations(join(folder, 'annotations.json'))) {
      const objects = image.objects.filter((o) => !o.crowd && Math.min(o.box[2], o.box[3]) >= 12);
      if (objects.length === 0) continue;
      stills.push({
        picture: add(image.file),
        boxes: objects.map((o) => o.box),
        categories: objects.map((o) => o.category),
      });
    }
  }
  const photos = [];
  for (const folder of data.photos) {
    for (const name of (await readdir(folder)).sort())
      if (/\.(jpe?g|png|webp)$/i.test(name)) photos.push(add(join(folder, name)));
  }

  // Masks count as their files are, because reading them takes minutes; without masks the key is that of caches made before.
  const listing = masked.length === 0 ? [] : [await listingOf(masked)];
  const key = createHash('sha256')
    .update(JSON.stringify([files, clips, stills, photos, data.longestSide, ...listing]))
    .digest('hex');
  const base = join(cache, key.slice(0, 16));
  const [index, pixels] = [`${base}.json`, `${base}.rgb`];
  if (!existsSync(index)) {
    await mkdir(cache, { recursive: true });
    clips.push(...(await readMaskClips(masked, add, onProgress)));
    const { pictures, scales } = await decodeAll(files, pixels, data.longestSide, onProgress);
    const scaled = (picture: number, [x, y, w, h]: Box): Box => {
      const scale = scales[picture];
      return [x * scale, y * scale, w * scale, h * scale];
    };
    const catalogue: Stored = {
      pictures,
      clips: clips.map((c) => ({
        ...c,
        sightings: c.sightings.map((s) => ({ ...s, box: scaled(s.picture, s.box) })),
      })),
      stills: stills.map((s) => ({ ...s, boxes: s.boxes.map((b) => scaled(s.picture, b)) })),
      photos,
    };
    await writeFile(`${index}.part`, JSON.stringify(catalogue));
    await rename(`${index}.part`, index);
  }
  const stored: Stored = JSON.parse(await readFile(index, 'utf8'));
  // They may change without another decoding.
  const shared = stored.clips.map((clip) => {
    const { share, rough } = data.clips[clip.folder];
    return { ...clip, share, rough };
  });
  return { catalogue: { ...stored, clips: shared }, pixels };
}

type Decoded = Awaited<ReturnType<typeof decode>>;

/** Pictures that are decoded at once: sharp decodes each on a thread of its own. */
const DECODED_AHEAD = 2 * availableParallelism();

async function decodeAll(
  files: readonly string[],
  pixels: string,
  longestSide: number,
  onProgress: (done: number, total: number) => void,
) {
  const handle = await open(`${pixels}.part`, 'w');
  const pictures: CachedPicture[] = [];
  const scales: number[] = [];
  let offset = 0;
  const ahead: Promise<Decoded>[] = [];
  try {
    for (let i = 0, begun = 0; i < files.length; i++) {
      for (; begun < Math.min(files.length, i + DECODED_AHEAD); begun++) {
        const decoding = decode(files[begun], longestSide);
        // One that fails is told of in its turn.
        decoding.catch(() => {});
        ahead.push(decoding);
      }
      const { data, info, width } = await (ahead.shift() as Promise<Decoded>);
      await handle.write(data, 0, data.length, offset);
      pictures.push({ offset, width: info.width, height: info.height });
      scales.push(info.width / width);
      offset += data.length;
      if (i % 100 === 0) onProgress(i, files.length);
    }
  } finally {
    await handle.close();
  }
  await rename(`${pixels}.part`, pixels);
  return { pictures, scales };
}

/** A picture upright and no larger than asked for, with the width it had. */
async function decode(file: string, longestSide: number) {
  try {
    const image = sharp(file).rotate();
    const { width = 0, height = 0, orientation = 1 } = await sharp(file).metadata();
    if (longestSide < Math.max(width, height)) {
      image.resize({ width: longestSide, height: longestSide, fit: 'inside' });
    }
    const raw = image.removeAlpha().toColourspace('srgb').raw();
    return {
      ...(await raw.toBuffer({ resolveWithObject: true })),
      width: orientation >= 5 ? height : width,
    };
  } catch (cause) {
    throw new DatasetError(file, 'a picture that can be decoded', (cause as Error).message, { cause });
  }
}
