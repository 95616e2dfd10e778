import { z } from 'zod';
import type { Box } from '../../common/index.js';
import { TargetState } from '../box-message.js';
import { ResultFileError } from './error.js';
import { type JsonItem, readJsonItems } from './json-items.js';
import { type BoxRecord, boxRecord, type FrameRecord, type RecordFile } from './records.js';

const Id = z.union([z.int(), z.string()]);

const Image = z.object({
  id: Id,
  video_id: Id.optional(),
  frame_id: z.int().min(0).optional(),
  frame_index: z.int().min(0).optional(),
  width: z.int().positive().optional(),
  height: z.int().positive().optional(),
  pts: z.number().optional(),
});

const Annotation = z.object({
  image_id: Id,
  category_id: Id.optional(),
  track_id: Id.optional(),
  instance_id: Id.optional(),
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  score: z.number().optional(),
  state: TargetState.optional(),
});

const Named = z.object({ id: Id, name: z.string().optional() });

/**
 * Reads COCO-VID JSON of one video. `frame_id` (or TAO's `frame_index`) is the 0-based frame; where an image has neither, images count
 * from 0 in the order of the file. Memory holds the list of images, not the annotations.
 *
 * @throws {ResultFileError} naming the line
 */
export function readCocoVid(file: string): RecordFile {
  const frames = new Map<number, FrameRecord>();
  return { boxes: readBoxes(file, frames), frames };
}

async function* readBoxes(file: string, frames: Map<number, FrameRecord>): AsyncGenerator<BoxRecord> {
  const frameOf = new Map<number | string, number>();
  const names = {
    tracks: new Map<number | string, string>(),
    categories: new Map<number | string, string>(),
  };
  let video: number | string | undefined;
  // Lists come in any order, so that annotations are read in a second pass.
  for await (const item of readJsonItems(file, ['images', 'tracks', 'categories'])) {
    if (item.list !== 'images') {
      const { id, name } = parse(Named, item);
      if (name) names[item.list as keyof typeof names].set(id, name);
      continue;
    }
    const { id, video_id, frame_id, frame_index, width, height, pts } = parse(Image, item);
    video ??= video_id;
    if (video_id !== undefined && video_id !== video) {
      throw new ResultFileError(item.where, 'images of one video', `videos ${video} and ${video_id}`);
    }
    const frame = frame_id ?? frame_index ?? frameOf.size;
    if (frameOf.has(id)) throw new ResultFileError(item.where, 'an id that no other image has', String(id));
    frameOf.set(id, frame);
    frames.set(frame, { pts, width, height });
  }
  for await (const item of readJsonItems(file, ['annotations'])) {
    const {
      image_id,
      category_id,
      track_id,
      instance_id,
      bbox,
      score = 1,
      state = 'tracking',
    } = parse(Annotation, item);
    const frame = frameOf.get(image_id);
    if (frame === undefined)
      throw new ResultFileError(item.where, 'an image_id of an image', String(image_id));
    const track = track_id ?? instance_id;
    if (track === undefined) throw new ResultFileError(item.where, 'a track_id or instance_id', 'none');
    const category = category_id === undefined ? undefined : names.categories.get(category_id);
    const label = category === 'object' ? undefined : category;
    const id = names.tracks.get(track) ?? String(track);
    yield boxRecord(item.where, frame, id, bbox as Box, { label, score, state });
  }
}

function parse<T>(schema: z.ZodType<T>, { value, where, list }: JsonItem): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new ResultFileError(where, `an item of ${list}`, `${path.join('.') || 'it'}: ${message}`);
}
