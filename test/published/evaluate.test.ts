import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';
import { readSequences } from '../../src/datasets/index.js';
import { evaluate } from '../../src/evaluate/index.js';
import { loadModel } from '../../src/model/index.js';
import { Tracker } from '../../src/tracker/index.js';
import { publishedModel } from './index.js';

const data = process.env.SIAMTRACK_DATA ?? join(packageRoot(), '../shared/data');
const atHand = existsSync(join(data, 'sequences'));
if (!atHand)
  console.info(`skipped: no sequences in ${data} (set SIAMTRACK_DATA to the folder that holds them)`);

/** As published: nothing is learnt in the video, and boxes are the network's. */
const PLAIN = { memory: false, extent: false };
/** What whole evaluations gave; sequences on which no single frame decides. */
const EXPECTED = [
  ['nanotrack-v2', 'sequences', 'Crossing', 0.733, PLAIN],
  ['nanotrack-v2', 'sequences', 'Crossing', 0.779, {}],
  ['nanotrack-v2', 'videos', '03_pedestrian1', 0.607, PLAIN],
  ['nanotrack-v2', 'videos', '03_pedestrian1', 0.644, {}],
  ['nanotrack-v3', 'sequences', 'Man', 0.806, PLAIN],
] as const;

describe.skipIf(!atHand)('published networks follow real footage as well as they did', () => {
  it.for(EXPECTED)('%s on %s/%s: %f', async ([name, folder, sequence, auc, options], { skip }) => {
    const found = publishedModel(name);
    if (!found) return skip();
    const model = await loadModel(found.manifest, { weights: found.weights });
    try {
      const sequences = await readSequences(join(data, folder), { only: [sequence] });
      const { mean } = await evaluate(sequences, { tracker: () => new Tracker(model, options) });
      expect(Math.abs(mean.auc - auc)).toBeLessThan(0.03);
      expect(mean.precision).toBeGreaterThan(0.95);
    } finally {
      await model.dispose();
    }
  });
});
