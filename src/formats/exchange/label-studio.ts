import { round } from '../box-text.js';
import type { TextSink } from './text-file.js';
import type { WriteJob } from './write-job.js';

/**
 * A Label Studio task with predictions for `<VideoRectangle name="box" toName="video">` and `<Labels name="label" toName="video">`:
 * one `videorectangle` for each target with a keyframe for each box. Keyframes count from 1 and are in percent of the frame; `time` is
 * the frame's pts. A keyframe is shown on its own frame always and until the next one where `enabled` is true: the last one before a
 * target is lost, or before a gap, has `enabled: false`, and lost frames have none.
 */
export async function writeLabelStudio(
  out: TextSink,
  { messages, source, survey, spool }: WriteJob,
): Promise<void> {
  const { targets, frameCount, duration } = await survey();
  const numbers = new Map([...targets.keys()].map((id, k) => [id, k]));
  /** The last keyframe of each target: what follows decides its `enabled`. */
  const last = new Map<string, { readonly frame: number; readonly keyframe: object }>();
  const started = new Set<string>();
  const sums = new Map<string, { score: number; boxes: number }>();
  const put = async (id: string, keyframe: object, enabled: boolean) => {
    await spool.append(
      numbers.get(id)!,
      `${started.has(id) ? ',' : ''}\n${JSON.stringify({ ...keyframe, enabled })}`,
    );
    started.add(id);
  };
  for await (const { frame, pts, size, targets: found } of messages()) {
    const seen = new Map(found.filter(({ state }) => state !== 'lost').map((target) => [target.id, target]));
    for (const [id, { frame: before, keyframe }] of last) {
      const goesOn = seen.has(id) && before + 1 === frame;
      await put(id, keyframe, goesOn);
      last.delete(id);
    }
    for (const [id, { box, score }] of seen) {
      const [x, y, w, h] = box;
      const percent = (length: number, whole: number) => round((100 * length) / whole, 6);
      const place = { x: percent(x, size.width), y: percent(y, size.height) };
      const extent = { width: percent(w, size.width), height: percent(h, size.height) };
      last.set(id, { frame, keyframe: { frame: frame + 1, time: pts, ...place, ...extent, rotation: 0 } });
      const sum = sums.get(id) ?? { score: 0, boxes: 0 };
      sums.set(id, { score: sum.score + score, boxes: sum.boxes + 1 });
    }
  }
  for (const [id, { keyframe }] of last) await put(id, keyframe, false);
  await out.write(`[{"data": ${JSON.stringify({ video: source.name })},\n`);
  await out.write('"predictions": [{"model_version": "siamtrack", "result": [');
  let regions = 0;
  for (const { id, category } of targets.values()) {
    const sum = sums.get(id);
    if (!sum) continue;
    const region = {
      id,
      type: 'videorectangle',
      from_name: 'box',
      to_name: 'video',
      score: round(sum.score / sum.boxes, 4),
      meta: { text: [id] },
    };
    const value = { framesCount: frameCount, duration: round(duration, 6), labels: [category] };
    await out.write(`${regions++ === 0 ? '' : ','}\n${JSON.stringify(region).slice(0, -1)},\n`);
    await out.write(`"value": ${JSON.stringify(value).slice(0, -1)},"sequence": [`);
    for await (const text of spool.read(numbers.get(id)!)) await out.write(text);
    await out.write('\n]}}');
  }
  await out.write('\n]}]}]\n');
}
