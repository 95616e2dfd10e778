import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readOtbSequence } from '../../src/datasets/index.js';
import { measure } from '../../src/evaluate/index.js';
import { openSource } from '../../src/ingest/index.js';
import { loadModel } from '../../src/model/index.js';
import { Tracker } from '../../src/tracker/index.js';
import { publishedModel } from '../published/index.js';

const data = process.env.SIAMTRACK_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

// Success AUC and precision at 20 px of OpenCV's TrackerNano with the same weights.
describe.each([
  ['Crossing', 0.749, 1],
  ['Man', 0.817, 1],
])('on %s', (name, auc, precision) => {
  const folder = join(data, 'sequences', name);
  const published = publishedModel('nanotrack-v2');
  const ready = published !== undefined && existsSync(folder);
  if (!existsSync(folder)) console.info(`skipped: no ${folder} (set SIAMTRACK_DATA to the folder above)`);

  it.skipIf(!ready)('a published network is as accurate as through another implementation', async () => {
    const model = await loadModel(published?.manifest, { weights: published?.weights });
    const sequence = await readOtbSequence(folder);
    const truth = sequence.targets[0].boxes;
    const tracker = new Tracker(model);
    const boxes = [truth[0]];
    const source = await openSource(sequence.source);
    for await (const frame of source) {
      if (frame.index >= truth.length) break;
      if (frame.index === 0) await tracker.init(frame, truth[0] ?? [0, 0, 0, 0]);
      else boxes.push((await tracker.update(frame)).box);
      frame.release();
    }
    await source.close();
    await model.dispose();
    const measured = measure(boxes, truth);
    expect(Math.abs(measured.auc - auc)).toBeLessThan(0.06);
    expect(measured.precision).toBeGreaterThan(precision - 0.03);
  });
});
