import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, iou } from '../../src/common/index.js';
import { type Sequence, withAbsences } from '../../src/datasets/index.js';

const SIZE = { width: 320, height: 240 };

function sequence(boxes: (Box | null)[]): Sequence {
  const targets = [{ name: 'walk', file: 'walk/groundtruth_rect.txt', boxes }];
  return { name: 'walk', layout: 'otb', source: 'walk/img', pictures: null, skip: 0, targets };
}

const still = (box: Box, frames = 200) => sequence(Array.from({ length: frames }, () => box));
const see = (of: Sequence, size = SIZE) => withAbsences([of], async () => size);

describe('withAbsences', () => {
  it('shows each target in two ways, in which it is there, gone for 40 frames, and back', async () => {
    const views = await see(still([40, 40, 30, 20]));
    expect(views.map(({ name }) => name)).toEqual(['walk+turned', 'walk+covered']);
    for (const { name, targets } of views) {
      const [{ boxes }] = targets;
      expect(targets[0].name).toBe(name);
      expect(boxes).toHaveLength(200);
      expect(boxes.slice(0, 36)).not.toContain(null);
      expect(boxes.slice(44, 84)).toEqual(new Array(40).fill(null));
      expect(boxes.slice(92, 128)).not.toContain(null);
      expect(boxes.slice(136, 176)).toEqual(new Array(40).fill(null));
    }
  });

  it('windows and covers are even parts of the picture, and boxes what they leave of the target', async () => {
    const side = fc.integer({ min: 8, max: 60 });
    const at = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(side, side, fc.array(at, { minLength: 60, maxLength: 150 }), async (w, h, path) => {
        const boxes = path.map(([x, y]): Box => [x * (320 - w), y * (240 - h), w, h]);
        for (const { targets, views } of await see(sequence(boxes)))
          for (const [k, { window, cover, source }] of views!.entries()) {
            for (const part of [window, cover, source])
              expect(part?.every((v) => v % 2 === 0) ?? true).toBe(true);
            for (const part of [window, source]) {
              if (!part) continue;
              expect(Math.min(part[0], part[1])).toBeGreaterThanOrEqual(0);
              expect(part[0] + part[2]).toBeLessThanOrEqual(320);
              expect(part[1] + part[3]).toBeLessThanOrEqual(240);
            }
            const box = targets[0].boxes[k];
            if (!window || !box) continue;
            const [x, y] = [box[0] + window[0], box[1] + window[1]];
            expect(x).toBeGreaterThanOrEqual(boxes[k][0] - 1e-9);
            expect(x + box[2]).toBeLessThanOrEqual(boxes[k][0] + w + 1e-9);
            expect(y + box[3]).toBeLessThanOrEqual(boxes[k][1] + h + 1e-9);
            expect(box[0] + box[2]).toBeLessThanOrEqual(window[2] + 1e-9);
          }
      }),
      { numRuns: 30 },
    );
  });

  it('a cover shows nothing of the target', async () => {
    const boxes = Array.from({ length: 140 }, (_, k): Box => [20 + 1.5 * k, 100, 30, 20]);
    const covered = (await see(sequence(boxes))).find(({ name }) => name === 'walk+covered');
    const sources = covered!.views!.map(({ source }) => source);
    expect(sources.filter(Boolean).length).toBeGreaterThan(50);
    for (const [k, source] of sources.entries()) if (source) expect(iou(source, boxes[k])).toBe(0);
  });

  it('what was not annotated stays so', async () => {
    const boxes = Array.from({ length: 120 }, (_, k): Box | null => (k === 10 ? null : [40, 40, 30, 20]));
    for (const { targets } of await see(sequence(boxes))) expect(targets[0].boxes[10]).toBeNull();
  });

  it('leaves out what is too brief, or too large to be without', async () => {
    expect(await see(still([40, 40, 30, 20], 50))).toEqual([]);
    expect(await see(still([20, 20, 280, 200]))).toEqual([]);
  });
});
