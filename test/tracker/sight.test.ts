import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/index.js';
import { parseManifest } from '../../src/model/index.js';
import { Sight } from '../../src/tracker/sight.js';
import { tinyManifest } from '../model/tiny-model.js';

function modelOn(device: string, otherSearches?: object[]): Model {
  const { head, ...rest } = tinyManifest();
  const manifest = parseManifest({ ...rest, head: { ...(head as object), otherSearches } });
  return { manifest, encoder: { engines: [{ device }] } } as unknown as Model;
}

const OTHERS = [
  { side: 319, grid: { size: 20, offset: -160 } },
  { side: 191, grid: { size: 12, offset: -96 } },
];

describe('the sides of search crops to choose from', () => {
  it('are those that the model takes, ascending', () => {
    expect(new Sight(modelOn('cpu', OTHERS)).sizes).toEqual([191, 255, 319]);
    expect(new Sight(modelOn('cpu')).sizes).toEqual([255]);
  });

  it('are the usual one on a GPU, where only crops of one size share a batch', () => {
    expect(new Sight(modelOn('webgpu', OTHERS)).sizes).toEqual([255]);
  });

  it('belong to regions as large as they are', () => {
    const sight = new Sight(modelOn('cpu', OTHERS));
    const place = { cx: 0, cy: 0, w: 50, h: 50 };
    expect(sight.scale(place)).toBeCloseTo(127 / 100);
    for (const size of sight.sizes)
      expect(sight.searchSide(place, size) * sight.scale(place)).toBeCloseTo(size);
    expect(sight.searchSide(place)).toBeCloseTo(sight.searchSide(place, 255));
  });
});
