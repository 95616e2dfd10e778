import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { WebVTTParser } from 'webvtt-parser';
import { z } from 'zod';
import type { BoxMessage, TargetMessage } from '../../../src/formats/index.js';
import { anyResults, STREET } from './messages.js';
import { writtenText } from './written.js';

/** Parsers that know nothing of this package read what it writes. */
const xml = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  parseTagValue: false,
  trimValues: false,
  processEntities: { enabled: true, maxTotalExpansions: 1e6 },
  htmlEntities: true,
  isArray: (name, _path, _leaf, isAttribute) =>
    !isAttribute && ['track', 'box', 'attribute', 'label', 'tt:Frame', 'tt:Object'].includes(name),
});

function parseXml(text: string) {
  expect(XMLValidator.validate(text)).toBe(true);
  return xml.parse(text);
}

const seen = ({ targets }: BoxMessage) => targets.filter(({ state }) => state !== 'lost');

function forAll(check: (messages: BoxMessage[]) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(anyResults, check), { numRuns: 20, examples: [[[...STREET]]] });
}

function expectClose(got: readonly number[], box: readonly number[], precision: number): void {
  for (const [k, value] of got.entries()) expect(Math.abs(value - box[k])).toBeLessThanOrEqual(precision);
}

interface CvatBox {
  readonly frame: string;
  readonly outside: string;
  readonly occluded: string;
  readonly keyframe: string;
  readonly xtl: string;
  readonly ytl: string;
  readonly xbr: string;
  readonly ybr: string;
}

/** What CVAT shows of a track at a frame: its last keyframe at or before it, unless that one is outside. */
function cvatShows(boxes: readonly CvatBox[], frame: number): CvatBox | undefined {
  const last = boxes.findLast((box) => Number(box.frame) <= frame);
  return last?.outside === '0' ? last : undefined;
}

describe('CVAT', () => {
  it('shows each box on its own frame, and none where its target is lost or not there', () =>
    forAll(async (messages) => {
      const { annotations } = parseXml(await writtenText('cvat', messages));
      const ids = [...new Set(messages.flatMap(({ targets }) => targets.map(({ id }) => id)))];
      const tracks: { id: string; box: CvatBox[] }[] = annotations.track ?? [];
      expect(tracks.map(({ id }) => id)).toEqual(ids.map((_, k) => String(k)));
      for (const [k, id] of ids.entries()) {
        const frames = tracks[k].box.map((box) => Number(box.frame));
        expect(frames).toEqual([...new Set(frames)].sort((a, b) => a - b));
        expect(tracks[k].box.every((box) => box.keyframe === '1')).toBe(true);
        for (let frame = 0; frame <= messages.at(-1)!.frame; frame++) {
          const target = messages
            .find((message) => message.frame === frame)
            ?.targets.find((t) => t.id === id);
          const shown = cvatShows(tracks[k].box, frame);
          expect(shown !== undefined).toBe(target !== undefined && target.state !== 'lost');
          if (!shown || !target) continue;
          const [x1, y1, x2, y2] = [shown.xtl, shown.ytl, shown.xbr, shown.ybr].map(Number);
          expectClose([x1, y1, x2 - x1, y2 - y1], target.box, 0.0051);
          expect(shown.occluded).toBe(target.state === 'uncertain' ? '1' : '0');
        }
      }
    }));

  it('is told labels, size and the target behind each track', async () => {
    const source = { name: 'a & b.mp4', frameCount: 9 };
    const { annotations } = parseXml(await writtenText('cvat', STREET, source));
    const { task } = annotations.meta;
    expect(annotations.version).toBe('1.1');
    expect(task).toMatchObject({ name: 'a & b.mp4', size: '9', mode: 'interpolation', stop_frame: '8' });
    expect(task.original_size).toEqual(expect.objectContaining({ width: '320', height: '240' }));
    expect(task.labels.label.map(({ name }: { name: string }) => name)).toEqual(['car', 'animal']);
    expect(annotations.track.map(({ label }: { label: string }) => label)).toEqual(['car', 'animal']);
    expect(annotations.track[1].box[0].attribute[0]['#text']).toBe('dog & <cat>');
  });
});

describe('COCO-VID', () => {
  const Coco = z.object({
    videos: z.tuple([z.object({ id: z.literal(1), name: z.string(), width: z.int(), height: z.int() })]),
    categories: z.array(z.object({ id: z.int().min(1), name: z.string() })),
    images: z.array(
      z.object({
        id: z.int().min(1),
        video_id: z.literal(1),
        frame_id: z.int().min(0),
        file_name: z.string(),
        width: z.int(),
        height: z.int(),
      }),
    ),
    annotations: z.array(
      z.object({
        id: z.int().min(1),
        image_id: z.int(),
        category_id: z.int(),
        video_id: z.literal(1),
        instance_id: z.int().min(1),
        track_id: z.int().min(1),
        bbox: z.array(z.number()).length(4),
        area: z.number(),
        iscrowd: z.literal(0),
      }),
    ),
  });

  it('has every image and every box that is not lost, each id once', () =>
    forAll(async (messages) => {
      const coco = Coco.parse(JSON.parse(await writtenText('coco-vid', messages)));
      expect(coco.images.map(({ frame_id }) => frame_id)).toEqual(messages.map(({ frame }) => frame));
      expect(new Set(coco.annotations.map(({ id }) => id)).size).toBe(coco.annotations.length);
      const categories = coco.categories.map(({ id }) => id);
      const tracks = new Map<number, string>();
      for (const [k, message] of messages.entries()) {
        const found = coco.annotations.filter(({ image_id }) => image_id === coco.images[k].id);
        expect(found.map(({ bbox }) => bbox)).toEqual(seen(message).map(({ box }) => box));
        for (const [n, { track_id, instance_id, category_id }] of found.entries()) {
          expect(instance_id).toBe(track_id);
          expect(categories).toContain(category_id);
          // One number, one target.
          const { id } = seen(message)[n];
          expect(tracks.get(track_id) ?? id).toBe(id);
          tracks.set(track_id, id);
        }
      }
    }));
});

describe('Label Studio', () => {
  const Keyframe = z.strictObject({
    frame: z.int().min(1),
    time: z.number(),
    x: z.number(),
    y: z.number(),
    width: z.number(),
    height: z.number(),
    rotation: z.literal(0),
    enabled: z.boolean(),
  });
  const Region = z.object({
    id: z.string(),
    type: z.literal('videorectangle'),
    from_name: z.literal('box'),
    to_name: z.literal('video'),
    score: z.number().min(0).max(1),
    value: z.object({
      framesCount: z.int(),
      duration: z.number(),
      labels: z.tuple([z.string()]),
      sequence: z.array(Keyframe).min(1),
    }),
  });
  const Task = z.object({
    data: z.object({ video: z.string() }),
    predictions: z.tuple([z.object({ model_version: z.string(), result: z.array(Region) })]),
  });

  /** Label Studio's rule: a keyframe is shown on its frame always, and until the next one where it is enabled. */
  const shows = (sequence: readonly z.infer<typeof Keyframe>[], frame: number) => {
    const last = sequence.findLast((keyframe) => keyframe.frame <= frame);
    return last && (last.enabled || last.frame === frame) ? last : undefined;
  };

  it('shows each box on its own frame, and none where its target is lost or not there', () =>
    forAll(async (messages) => {
      const [task] = z.tuple([Task]).parse(JSON.parse(await writtenText('label-studio', messages)));
      const regions = new Map(task.predictions[0].result.map((region) => [region.id, region]));
      const targets = messages.flatMap((message) => seen(message));
      expect([...regions.keys()].sort()).toEqual([...new Set(targets.map(({ id }) => id))].sort());
      for (const { id, value } of regions.values()) {
        expect(value.framesCount).toBe(messages.at(-1)!.frame + 1);
        for (let frame = 0; frame < value.framesCount; frame++) {
          const message = messages.find((other) => other.frame === frame);
          const target = message && seen(message).find((other) => other.id === id);
          const shown = shows(value.sequence, frame + 1);
          expect(shown !== undefined).toBe(target !== undefined);
          if (!shown || !target || !message) continue;
          const { width, height } = message.size;
          expect(shown.time).toBe(message.pts);
          const pixels = [shown.x * width, shown.y * height, shown.width * width, shown.height * height];
          expectClose(
            pixels.map((value) => value / 100),
            target.box,
            0.001,
          );
        }
      }
    }));
});

describe('WebVTT', () => {
  it('has a cue for each message, with the exact pts in it and no box of a lost target', () =>
    forAll(async (messages) => {
      const text = await writtenText('webvtt', messages);
      const { cues, errors } = new WebVTTParser().parse(text, 'metadata');
      expect(errors).toEqual([]);
      expect(cues.map(({ id }) => Number(id))).toEqual(messages.map(({ frame }) => frame));
      for (const [k, cue] of cues.entries()) {
        const { frame, pts, size, targets } = messages[k];
        const next = messages[k + 1];
        expect(cue.startTime).toBeCloseTo(pts, 3);
        expect(cue.endTime).toBeCloseTo(next?.frame === frame + 1 ? next.pts : pts + 1 / 25, 3);
        const told = targets.map((target: TargetMessage) =>
          target.state === 'lost' ? { ...target, box: undefined, score: undefined } : target,
        );
        expect(JSON.parse(cue.text)).toEqual({ frame, pts, size, targets: told });
      }
    }));

  it('keeps cues in time: none before 0, none without length, a frame shown until the next', async () => {
    const times = [-0.05, -0.01, 0.0004, 0.0008, 3599.9996, 360000];
    const messages = times.map((pts, frame) => ({ ...STREET[0], frame, pts }));
    const { cues, errors } = new WebVTTParser().parse(await writtenText('webvtt', messages), 'metadata');
    expect(errors).toEqual([]);
    const spans = cues.map(({ startTime, endTime }) => [startTime, endTime]);
    expect(spans).toEqual([
      [0, 0.001],
      [0, 0.001],
      [0, 0.001],
      [0.001, 3600],
      [3600, 360000],
      [360000, 360000.04],
    ]);
  });
});

describe('ONVIF', () => {
  interface Rectangle {
    readonly left: string;
    readonly top: string;
    readonly right: string;
    readonly bottom: string;
  }

  it('has a frame for each message and an object for each target that is not lost, y up', () =>
    forAll(async (messages) => {
      const root = parseXml(await writtenText('onvif', messages))['tt:MetadataStream'];
      expect(root['xmlns:tt']).toBe('http://www.onvif.org/ver10/schema');
      const frames = root['tt:VideoAnalytics']['tt:Frame'];
      expect(frames).toHaveLength(messages.length);
      for (const [k, message] of messages.entries()) {
        const { width, height } = message.size;
        expect(Date.parse(frames[k].UtcTime)).toBe(Math.floor(message.pts * 1000 + 1e-6));
        const objects = frames[k]['tt:Object'] ?? [];
        expect(objects).toHaveLength(seen(message).length);
        for (const [n, { box, score }] of seen(message).entries()) {
          expect(objects[n].ObjectId).toMatch(/^[1-9]\d*$/);
          const { 'tt:Shape': shape, 'tt:Class': kind } = objects[n]['tt:Appearance'];
          const { left, top, right, bottom } = shape['tt:BoundingBox'] as Rectangle;
          expect(Number(top)).toBeGreaterThanOrEqual(Number(bottom));
          const x = ((Number(left) + 1) / 2) * width;
          const y = ((1 - Number(top)) / 2) * height;
          const w = ((Number(right) - Number(left)) / 2) * width;
          const h = ((Number(top) - Number(bottom)) / 2) * height;
          // Six decimals of half a picture of up to 4096 pixels.
          expectClose([x, y, w, h], box, 0.0021);
          expect(Number(kind['tt:Type'].Likelihood)).toBe(score);
        }
      }
    }));

  it("tells wall-clock time: a live message's own, else the start's plus pts to the microsecond", async () => {
    const live = { ...STREET[0], time: Date.UTC(2026, 4, 4, 12, 0, 0, 40) };
    const recorded = { ...STREET[1], pts: 1.441708 };
    const frames = parseXml(await writtenText('onvif', [live, recorded]))['tt:MetadataStream'];
    const times = frames['tt:VideoAnalytics']['tt:Frame'].map(({ UtcTime }: { UtcTime: string }) => UtcTime);
    expect(times).toEqual(['2026-05-04T12:00:00.040000Z', '1970-01-01T00:00:01.441708Z']);
  });
});
