import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureFixture } from '../../fixtures/index.js';
import { iou } from '../../src/common/index.js';
import { openSource } from '../../src/ingest/index.js';
import { loadModel, type Model } from '../../src/model/index.js';
import { Tracker } from '../../src/tracker/index.js';

describe('the shipped model on drawn clips', () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel('default');
  });
  afterAll(() => model.dispose());

  async function follow(name: 'leaving' | 'receding' | 'occluded' | 'crossing') {
    const { video, boxes } = await ensureFixture(name);
    const tracker = new Tracker(model);
    const frames: { visible: boolean; state: string; overlap: number }[] = [];
    const source = await openSource(video);
    for await (const frame of source) {
      const truth = boxes[frame.index];
      if (frame.index === 0) await tracker.init(frame, truth ?? [0, 0, 0, 0], frame.pts);
      else {
        const { box, state } = await tracker.update(frame, frame.pts);
        frames.push({ visible: truth !== null, state, overlap: truth ? iou(box, truth) : 0 });
      }
      frame.release();
    }
    await source.close();
    return frames;
  }

  it.each(['leaving', 'receding', 'occluded'] as const)(
    '%s: the target is found again, at the size that it has now',
    async (name) => {
      const frames = await follow(name);
      const returned = frames.findLastIndex(({ visible }) => !visible) + 1;
      expect(returned).toBeGreaterThan(0);
      const found = frames.findIndex(({ overlap }, k) => k >= returned && overlap > 0.5);
      expect(found).toBeGreaterThan(0);
      expect(found - returned).toBeLessThan(30);
      const after = frames.slice(found);
      expect(after.filter(({ overlap }) => overlap > 0.5).length / after.length).toBeGreaterThan(0.9);
    },
  );

  it('crossing: a look-alike that passes does not take the box along', async () => {
    for (const { state, overlap } of await follow('crossing')) {
      expect(overlap).toBeGreaterThan(0.5);
      expect(state).toBe('tracking');
    }
  });
});
