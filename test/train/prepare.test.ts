import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue, CatalogueClip } from '../../src/train/data/catalogue.js';
import { split } from '../../src/train/prepare.js';

const catalogueOf = (
  clips: readonly (Pick<CatalogueClip, 'name' | 'video'> & { rough?: boolean })[],
): Catalogue => ({
  pictures: [],
  clips: clips.map((clip) => ({ rough: false, ...clip, sightings: [], folder: 0, share: 1 })),
  stills: [],
  photos: [],
});

describe('clips held out for validation', () => {
  it('are the same ones in every run and every version', () => {
    const names = Array.from({ length: 30 }, (_, k) => ({ name: `clip${k}` }));
    const { training, heldOut } = split(catalogueOf(names), 0.2);
    expect(heldOut.clips.map(({ name }) => name)).toEqual(['clip6', 'clip11', 'clip24', 'clip29']);
    expect(training.clips.length + heldOut.clips.length).toBe(30);
    expect(split(catalogueOf(names), 0).heldOut.clips).toEqual([]);
  });

  it('have exact boxes', () => {
    const names = Array.from({ length: 30 }, (_, k) => ({ name: `clip${k}`, rough: k < 20 }));
    expect(split(catalogueOf(names), 0.2).heldOut.clips.map(({ name }) => name)).toEqual([
      'clip24',
      'clip29',
    ]);
  });

  it('are all objects of a video or none', () => {
    const objects = fc.array(fc.record({ video: fc.string({ maxLength: 3 }), object: fc.nat(255) }));
    fc.assert(
      fc.property(objects, fc.double({ min: 0, max: 0.5, noNaN: true }), (of, share) => {
        const clips = of.map(({ video, object }) => ({ video, name: `${video}-${object}` }));
        const { training, heldOut } = split(catalogueOf(clips), share);
        const trained = new Set(training.clips.map(({ video }) => video));
        expect(heldOut.clips.filter(({ video }) => trained.has(video))).toEqual([]);
        expect(training.clips.length + heldOut.clips.length).toBe(clips.length);
      }),
    );
  });
});
