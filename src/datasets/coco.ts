import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Box } from '../common/index.js';
import { DatasetError } from './error.js';
import { readJson } from './json.js';

const Id = z.union([z.number(), z.string()]);
const Coco = z.object({
  images: z.array(
    z.object({
      id: Id,
      file_name: z.string().min(1),
      width: z.number().positive(),
      height: z.number().positive(),
    }),
  ),
  annotations: z.array(
    z.object({
      id: Id.optional(),
      image_id: Id,
      category_id: Id,
      bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
      iscrowd: z.union([z.number(), z.boolean()]).optional(),
    }),
  ),
  categories: z.array(z.object({ id: Id, name: z.string() })).default([]),
});

/** One object of a still. */
export interface CocoObject {
  /** 0-based pixels, as COCO has them. */
  readonly box: Box;
  /** The category's name, or its id in words where the file does not name it. */
  readonly category: string;
  /** The box surrounds a crowd and not one object. */
  readonly crowd: boolean;
}

/** One still and the objects in it. */
export interface CocoImage {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly objects: readonly CocoObject[];
}

/**
 * Reads `annotations.json` of a COCO-layout data set (`bbox` is `[x, y, width, height]` in 0-based pixels). Boxes without area are
 * left out; images without objects are kept. See https://cocodataset.org/#format-data.
 *
 * @param file the JSON file
 * @param options.images folder that `file_name` is relative to; default `images` beside the file
 * @throws {DatasetError} where the file is not that, naming the entry
 */
export async function readCocoAnnotations(
  file: string,
  options: { readonly images?: string } = {},
): Promise<CocoImage[]> {
  const folder = options.images ?? join(dirname(file), 'images');
  const { images, annotations, categories } = await readJson(file, Coco, 'COCO annotations');
  const names = new Map(categories.map(({ id, name }) => [id, name]));
  const objects = new Map<z.infer<typeof Id>, CocoObject[]>(images.map(({ id }) => [id, []]));
  annotations.forEach((annotation, k) => {
    const list = objects.get(annotation.image_id);
    if (!list) {
      const got = JSON.stringify(annotation.image_id);
      throw new DatasetError(`${file}: annotations.${k}.image_id`, 'the id of one of the images', got);
    }
    const box: Box = annotation.bbox;
    if (!(box[2] > 0 && box[3] > 0)) return;
    const category = names.get(annotation.category_id) ?? String(annotation.category_id);
    list.push({ box, category, crowd: Boolean(annotation.iscrowd) });
  });
  return images.map(({ id, file_name, width, height }) => ({
    file: join(folder, file_name),
    width,
    height,
    objects: objects.get(id)!,
  }));
}
