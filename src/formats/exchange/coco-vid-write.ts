import { parse } from 'node:path';
import { round } from '../box-text.js';
import type { TextSink } from './text-file.js';
import type { WriteJob } from './write-job.js';

const ANNOTATIONS = 0;

/**
 * COCO-VID JSON: `videos`, `categories`, `tracks`, `images` (one for each message) and `annotations`, one item a line. A track's number
 * is in `track_id` and, for readers that call it so, `instance_id`; its name is in `tracks`. `frame_id` counts from 0, every `id` from
 * 1, pixels are those of messages, and `file_name` is what `ffmpeg -i street.mp4 -vsync passthrough street/%06d.jpg` makes. A lost
 * target has no annotation. `pts`, `score` and `state` are additions that readers pass over.
 */
export async function writeCocoVid(
  out: TextSink,
  { messages, source, survey, spool }: WriteJob,
): Promise<void> {
  const { targets, categories, frameRate, frameCount, width, height } = await survey();
  const stem = parse(source.name).name;
  const categoryId = new Map(categories.map((name, k) => [name, k + 1]));
  const video = {
    id: 1,
    name: stem,
    file_name: source.name,
    fps: round(frameRate, 6),
    width,
    height,
    length: frameCount,
  };
  const tracks = [...targets.values()].map(({ id, number, category }) => ({
    id: number,
    category_id: categoryId.get(category),
    video_id: 1,
    name: id,
  }));
  await out.write(
    `{\n"info": ${JSON.stringify({ description: source.name, version: '1.0' })},\n"licenses": [],\n`,
  );
  await writeList(out, 'videos', [video]);
  await writeList(
    out,
    'categories',
    [...categoryId].map(([name, id]) => ({ id, name })),
  );
  await writeList(out, 'tracks', tracks);
  await out.write('"images": [');
  let images = 0;
  let annotations = 0;
  for await (const { frame, pts, size, targets: found } of messages()) {
    const file_name = `${stem}/${String(frame + 1).padStart(6, '0')}.jpg`;
    const image = { id: ++images, video_id: 1, frame_id: frame, file_name, ...size, pts };
    await out.write(`${images === 1 ? '' : ','}\n${JSON.stringify(image)}`);
    for (const { id, box, score, state } of found) {
      if (state === 'lost') continue;
      const { number, category } = targets.get(id)!;
      const annotation = {
        id: ++annotations,
        image_id: images,
        video_id: 1,
        category_id: categoryId.get(category),
        track_id: number,
        instance_id: number,
        bbox: box,
        area: round(box[2] * box[3], 4),
        iscrowd: 0,
        score,
        state,
      };
      await spool.append(ANNOTATIONS, `${annotations === 1 ? '' : ','}\n${JSON.stringify(annotation)}`);
    }
  }
  await out.write('\n],\n"annotations": [');
  for await (const text of spool.read(ANNOTATIONS)) await out.write(text);
  await out.write('\n]\n}\n');
}

function writeList(out: TextSink, name: string, items: readonly object[]): Promise<void> {
  return out.write(`"${name}": [\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n],\n`);
}
