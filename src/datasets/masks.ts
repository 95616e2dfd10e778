import { join, parse } from 'node:path';
import { z } from 'zod';
import type { Box } from '../common/index.js';
import { DatasetError } from './error.js';
import { list, picturesOf } from './files.js';
import { readJson } from './json.js';
import { type Mask, readMask } from './mask-png.js';

/** A sequence of pictures some of which have a mask that says which object each pixel shows. */
export interface MaskSequence {
  readonly name: string;
  /** Pictures with a mask, in natural order. */
  readonly frames: readonly { readonly picture: string; readonly mask: string }[];
  /** Category by object number, where `meta.json` says it. */
  readonly categories: Readonly<Record<string, string>>;
}

/** One object of a {@link MaskSequence}. */
export interface MaskTarget {
  /** `<sequence>-<object>`. */
  readonly name: string;
  readonly category: string | undefined;
  /** One entry a frame: the bounding box of its mask in 0-based pixels, `null` where there is none worth having. */
  readonly boxes: readonly (Box | null)[];
}

const PICTURES = 'JPEGImages';
/** The masks of the unsupervised task name more objects, where both are there. */
const MASKS = ['Annotations_unsupervised', 'Annotations'];
const RESOLUTIONS = ['480p', '1080p', 'Full-Resolution'];
/** Pixels of this number are to be left alone; in binary masks it is the object. */
const IGNORED = 255;
/** A box at the picture's border that reaches into the picture by less than this share of the picture is left out. */
const SLIVER = 0.03;
const AT_ONCE = 8;

const Meta = z.object({
  videos: z.record(
    z.string(),
    z.object({ objects: z.record(z.string(), z.object({ category: z.string().optional() })) }),
  ),
});

/** Whether a folder is laid out as DAVIS and Youtube-VOS are: `JPEGImages/` beside `Annotations/` or `Annotations_unsupervised/`. */
export async function looksLikeMasks(folder: string): Promise<boolean> {
  const { folders } = await list(folder);
  return folders.includes(PICTURES) && MASKS.some((name) => folders.includes(name));
}

/**
 * Lists the sequences of a mask data set: `JPEGImages/480p/<sequence>/00000.jpg` and `Annotations/480p/<sequence>/00000.png` (DAVIS
 * 2016 and 2017; also `Annotations_unsupervised`), the same without `480p`, and Youtube-VOS, where only some pictures have a mask
 * and `meta.json` names categories. No mask is read yet.
 *
 * @throws {DatasetError} where there is none, a sequence has no masks, or a mask has no picture
 */
export async function listMaskSequences(folder: string): Promise<MaskSequence[]> {
  const { folders, files } = await list(folder);
  const annotations = MASKS.find((name) => folders.includes(name));
  if (annotations === undefined || !folders.includes(PICTURES)) {
    throw new DatasetError(folder, 'JPEGImages/ beside Annotations/', folders.join(', ') || 'no folders');
  }
  const inside = (await list(join(folder, PICTURES))).folders;
  const resolution = RESOLUTIONS.find((name) => inside.includes(name)) ?? '';
  const pictures = join(folder, PICTURES, resolution);
  const masks = join(folder, annotations, resolution);
  const names = (await list(pictures)).folders;
  if (names.length === 0) throw new DatasetError(pictures, 'a folder of pictures a sequence', 'none');
  const categories = files.includes('meta.json') ? await readMeta(join(folder, 'meta.json')) : {};
  const sequences: MaskSequence[] = [];
  for (const name of names) {
    const frames = await framesOf(join(pictures, name), join(masks, name));
    sequences.push({ name, frames, categories: categories[name] ?? {} });
  }
  return sequences;
}

async function framesOf(pictures: string, masks: string): Promise<MaskSequence['frames']> {
  const pictureOf = new Map(
    picturesOf(pictures, await list(pictures)).map((file) => [parse(file).name, file]),
  );
  const frames = (await list(masks)).files
    .filter((name) => /\.png$/i.test(name))
    .map((name) => {
      const mask = join(masks, name);
      const picture = pictureOf.get(parse(name).name);
      if (picture !== undefined) return { picture, mask };
      throw new DatasetError(mask, `a picture of the same name in ${pictures}`, 'none');
    });
  if (frames.length === 0) throw new DatasetError(masks, 'masks (.png)', 'none');
  return frames;
}

async function readMeta(file: string): Promise<Record<string, Record<string, string>>> {
  const { videos } = await readJson(file, Meta, 'categories of objects');
  const named = Object.entries(videos).map(([video, { objects }]) => [
    video,
    Object.fromEntries(
      Object.entries(objects).flatMap(([object, { category }]) => (category ? [[object, category]] : [])),
    ),
  ]);
  return Object.fromEntries(named);
}

/**
 * Reads the masks of a sequence: every object with a box in at least one frame, by number. 255 is to be ignored, as DAVIS 2017 and
 * Youtube-VOS have it, unless the sequence knows no other number: then it is the object, as in the binary masks of DAVIS 2016.
 *
 * @throws {DatasetError} naming the mask, where it cannot be read or is not of its picture's size
 */
export async function readMaskTargets({ name, frames, categories }: MaskSequence): Promise<MaskTarget[]> {
  const found: ReadonlyMap<number, Box | null>[] = [];
  for (let at = 0; at < frames.length; at += AT_ONCE) {
    found.push(...(await Promise.all(frames.slice(at, at + AT_ONCE).map(readBoxes))));
  }
  const numbers = [...new Set(found.flatMap((frame) => [...frame.keys()]))].sort((a, b) => a - b);
  const binary = numbers.length === 1 && numbers[0] === IGNORED;
  return numbers
    .filter((number) => binary || number !== IGNORED)
    .map((number) => {
      const object = binary ? 1 : number;
      const boxes = found.map((frame) => frame.get(number) ?? null);
      return { name: `${name}-${object}`, category: categories[object], boxes };
    })
    .filter((target) => target.boxes.some((box) => box !== null));
}

/** The box of every number in a mask, `null` where it is a sliver. */
async function readBoxes({ picture, mask: file }: MaskSequence['frames'][number]) {
  const mask = await readMask(file);
  const [width, height] = await sizeOf(picture);
  if (mask.width !== width || mask.height !== height) {
    const got = `${mask.width} x ${mask.height}`;
    throw new DatasetError(file, `a mask of ${width} x ${height} pixels as ${picture} has`, got);
  }
  return new Map([...boxesOf(mask)].map(([number, box]) => [number, isSliver(box, mask) ? null : box]));
}

/** Size of a picture as it is shown. */
async function sizeOf(picture: string): Promise<readonly [number, number]> {
  try {
    const { default: sharp } = await import('sharp');
    const { width, height, orientation = 1 } = await sharp(picture).metadata();
    return orientation >= 5 ? [height, width] : [width, height];
  } catch (cause) {
    throw new DatasetError(picture, 'a picture', (cause as Error).message, { cause });
  }
}

function boxesOf({ width, height, data }: Mask): ReadonlyMap<number, Box> {
  const left = new Int32Array(256).fill(width);
  const right = new Int32Array(256).fill(-1);
  const top = new Int32Array(256).fill(height);
  const bottom = new Int32Array(256).fill(-1);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const number = data[at];
      if (number === 0) continue;
      if (x < left[number]) left[number] = x;
      if (x > right[number]) right[number] = x;
      if (y < top[number]) top[number] = y;
      bottom[number] = y;
    }
  }
  const boxes = new Map<number, Box>();
  for (let k = 1; k < 256; k++) {
    if (right[k] >= 0) boxes.set(k, [left[k], top[k], right[k] - left[k] + 1, bottom[k] - top[k] + 1]);
  }
  return boxes;
}

/**
 * Whether an object has all but left the picture, or only just come into it. The box of what is left of it has neither the object's
 * size nor its shape: a template cut by it shows background, and a box learnt from it is wrong.
 */
function isSliver([x, y, w, h]: Box, { width, height }: Mask): boolean {
  const across = (x === 0 || x + w === width) && w < SLIVER * width;
  const down = (y === 0 || y + h === height) && h < SLIVER * height;
  return across || down;
}
