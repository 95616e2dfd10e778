import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { loadModel, type Model } from '../../src/model/index.js';
import { TargetGroup } from '../../src/tracker/index.js';
import { noisePicture } from '../model/pictures.js';

const BOXES: readonly Box[] = [
  [10, 10, 40, 30],
  [60, 20, 30, 50],
  [120, 40, 60, 40],
  [30, 90, 25, 25],
  [90, 100, 50, 20],
  [150, 110, 33, 44],
  [170, 30, 21, 60],
];
const pictures = [1, 2, 3].map((seed) => noisePicture(240, 180, seed));

/** What a model says of targets that ask together. */
async function together(model: Model, boxes: readonly Box[]) {
  const group = new TargetGroup(model);
  for (const [k, box] of boxes.entries()) await group.add(String(k), pictures[0], box, 0);
  const results: unknown[] = [];
  for (const [k, picture] of pictures.entries())
    results.push([...(await group.update(picture, k / 25)).values()]);
  return boxes.map((_, target) => results.map((frame) => (frame as unknown[])[target]));
}

describe.each(['float32', 'int8'] as const)('the shipped model in %s', (precision) => {
  let one: Model;
  let two: Model;
  beforeAll(async () => {
    one = await loadModel('default', { precision, threads: 1, engine: 'onnx' });
    two = await loadModel('default', { precision, threads: 2, engine: 'onnx' });
  });
  afterAll(() => Promise.all([one.dispose(), two.dispose()]));

  it('says bit for bit the same of a target alone, in a batch, and in another thread', async () => {
    const alone: unknown[] = [];
    for (const box of BOXES) alone.push(...(await together(one, [box])));
    expect(await together(one, BOXES)).toEqual(alone);
    expect(await together(two, BOXES)).toEqual(alone);
    // The thread beside this one was asked, too.
    expect(two.encoder.stats.batches).toBeGreaterThan(pictures.length * 2);
  });
});
