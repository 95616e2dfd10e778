import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextSide } from '../../../src/model/index.js';
import { type Catalogue, openCatalogue } from '../../../src/train/data/catalogue.js';
import { type PairOptions, PairSampler, type PairTruth } from '../../../src/train/data/pairs.js';
import { turnTemplate } from '../../../src/train/data/turn.js';
import { Random } from '../../../src/train/random.js';
import { makeClips } from '../recipe.js';

const OPTIONS: PairOptions = {
  templateSize: 63,
  searchSize: 127,
  contextAmount: 0.5,
  masked: false,
  mixture: { clips: 1, stills: 0, photos: 0 },
  shift: 24,
  scale: 0.2,
  gap: 10,
  strength: 1,
  occlusion: 0.3,
  distractor: 0.3,
  transplant: 0,
  lowResolution: 0.3,
  alike: 0,
  lookAlike: 0,
  recoloured: 0,
  covered: 0,
  mirrored: 0,
  turned: 0,
  colour: 1,
};

const folders: string[] = [];
let catalogue: Catalogue;
let pixels = '';
beforeAll(async () => {
  const cars = await makeClips(6);
  const dogs = await makeClips(3);
  for (const k of [0, 1, 2]) await rename(join(dogs, `clip${k}`), join(dogs, `dog_${k}`));
  const cache = await mkdtemp(join(tmpdir(), 'siamtrack-cache-'));
  folders.push(cars, dogs, cache);
  const clips = [
    { folder: cars, share: 1, rough: false },
    { folder: dogs, share: 3, rough: true },
  ];
  ({ catalogue, pixels } = await openCatalogue(
    { clips, clipsOneBased: true, stills: [], photos: [], longestSide: 512 },
    cache,
  ));
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

function draw(count: number, changes: Partial<PairOptions> = {}, seed = 1) {
  const options = { ...OPTIONS, ...changes };
  const sampler = new PairSampler(catalogue, pixels, options);
  const template = new Float32Array(3 * options.templateSize ** 2);
  const search = new Float32Array(3 * options.searchSize ** 2);
  const truths: PairTruth[] = [];
  for (let k = 0; k < count; k++) {
    const crop = { data: search, at: 0, size: options.searchSize };
    const other = k > 0 ? { crop: { ...crop, data: search.slice() }, truth: truths[k - 1] } : undefined;
    truths.push(
      sampler.draw(new Random(seed, k), { data: template, at: 0, size: options.templateSize }, crop, other),
    );
  }
  sampler.close();
  return { truths, template, search };
}

describe('pairs', () => {
  it('are the same for the same seed, and others for another', () => {
    const [one, again, other] = [draw(5), draw(5), draw(5, {}, 2)];
    expect(again).toEqual(one);
    expect(other.search).not.toEqual(one.search);
  });

  it('show the target where they say it is', () => {
    // A plain square of one colour on dark noise, undisturbed: its middle has that colour, and beyond its rim it is dark.
    const still = { strength: 0, occlusion: 0, distractor: 0, lowResolution: 0 };
    for (let seed = 0; seed < 20; seed++) {
      const { truths, search } = draw(1, still, seed);
      const [{ cx, cy, width, height }] = truths;
      const at = (x: number, y: number) => {
        const offset = 3 * (Math.round(63 + y) * 127 + Math.round(63 + x));
        return [...search.subarray(offset, offset + 3)];
      };
      const middle = at(cx, cy);
      for (const [fx, fy] of [
        [-0.35, 0],
        [0.35, 0],
        [0, -0.35],
        [0, 0.35],
      ]) {
        const colour = at(cx + fx * width, cy + fy * height);
        // The picture's colours are jittered as a whole, and blurred in some pairs.
        for (const c of [0, 1, 2]) expect(Math.abs(colour[c] - middle[c])).toBeLessThan(25);
      }
    }
  });

  it('stand before the background of the pair before where they are transplanted', () => {
    const still = { strength: 0, occlusion: 0, distractor: 0, lowResolution: 0, transplant: 1 };
    // Frames of a clip differ: a half of them is transplanted.
    for (let seed = 0, transplanted = 0; seed < 30; seed++) {
      const sampler = new PairSampler(catalogue, pixels, { ...OPTIONS, ...still });
      const crop = (size: number, value: number) => ({
        data: new Float32Array(3 * size ** 2).fill(value),
        at: 0,
        size,
      });
      const search = crop(127, 0);
      const other = { crop: crop(127, 77), truth: draw(1, still, seed + 100).truths[0] };
      const { cx, cy } = sampler.draw(new Random(seed, 0), crop(63, 0), search, other);
      sampler.close();
      const at = (x: number, y: number) => search.data[3 * (Math.round(63 + y) * 127 + Math.round(63 + x))];
      const corners = [at(-63, -63), at(63, -63), at(-63, 63), at(63, 63)];
      if (corners.every((v) => v === 77)) transplanted++;
      // Either way the target itself is there.
      expect(at(cx, cy)).not.toBe(77);
      if (seed === 29) {
        expect(transplanted).toBeGreaterThan(5);
        expect(transplanted).toBeLessThan(25);
      }
    }
  });

  it('say how large the target is in the template crop', () => {
    // With its context it fills the crop.
    for (const { template } of draw(10, { strength: 0 }).truths)
      expect(contextSide(template.width, template.height, 0.5)).toBeCloseTo(63, 5);
  });

  it('teach the extent of a patch of a photo only where a mask tells what is meant', () => {
    const photos = { ...catalogue, photos: catalogue.clips[0].sightings.map(({ picture }) => picture) };
    const certaintyOf = (masked: boolean) => {
      const mixture = { clips: 0, stills: 0, photos: 1 };
      const sampler = new PairSampler(photos, pixels, { ...OPTIONS, mixture, masked });
      const crop = (size: number) => ({ data: new Float32Array(3 * size * size), at: 0, size });
      const { certainty } = sampler.draw(new Random(1), crop(63), crop(127), undefined);
      sampler.close();
      return certainty;
    };
    expect(certaintyOf(true)).toBe('patch');
    expect(certaintyOf(false)).toBe('place');
  });

  it('teach no extent where a folder has rough boxes', () => {
    for (const { kind, certainty } of draw(50).truths)
      expect(certainty).toBe(kind === 'dog' ? 'place' : 'box');
  });

  it('come from folders by their shares, whatever the number of clips in each', () => {
    const { truths } = draw(400);
    const dogs = truths.filter(({ kind }) => kind === 'dog').length;
    expect(dogs / 400).toBeGreaterThan(0.65);
    expect(dogs / 400).toBeLessThan(0.85);
  });

  it('are of the same kind as the ones before where they are to be alike', () => {
    const changes = (alike: number) => {
      const { truths } = draw(200, { alike });
      return truths.filter(({ kind }, k) => k > 0 && kind !== truths[k - 1].kind).length;
    };
    expect(changes(1)).toBe(0);
    expect(changes(0)).toBeGreaterThan(40);
  });

  it('show a target mirrored and turned as they say, in a box that is not exact then', () => {
    const still = { strength: 0, occlusion: 0, distractor: 0, lowResolution: 0, gap: 0, shift: 0, scale: 0 };
    const size = OPTIONS.templateSize;
    const from = (OPTIONS.searchSize - size) / 2;
    const angles: number[] = [];
    for (const [mirrored, turned] of [
      [1, 0],
      [0, 1],
      [1, 1],
    ])
      for (let seed = 0; seed < 12; seed++) {
        const { truths, template, search } = draw(1, { ...still, mirrored, turned }, seed);
        const [truth] = truths;
        const turn = truth.turn ?? expect.fail('Expected it to say so.');
        expect(turn.mirrored).toBe(mirrored === 1);
        if (turned) expect(truth.certainty).toBe('place');
        angles.push(turn.angle);
        const { crop, of } = turnTemplate({ data: template, at: 0, size }, turn, truth.template);
        expect([of.width, of.height]).toEqual([
          expect.closeTo(truth.width, 3),
          expect.closeTo(truth.height, 3),
        ]);
        // The corners of a turned crop are filled; around the target both show the same but for smoothing.
        let difference = 0;
        const reach = Math.floor(size / 4);
        for (let y = -reach; y <= reach; y++)
          for (let x = -reach; x <= reach; x++)
            for (let c = 0; c < 3; c++) {
              const own = crop[3 * ((y + (size - 1) / 2) * size + x + (size - 1) / 2) + c];
              const shown =
                search[
                  3 * ((y + from + (size - 1) / 2) * OPTIONS.searchSize + x + from + (size - 1) / 2) + c
                ];
              difference += Math.abs(own - shown) / (3 * (2 * reach + 1) ** 2);
            }
        // A template jitters in colour where the search crop does: not at strength 0.
        expect(difference).toBeLessThan(6);
      }
    expect(Math.min(...angles)).toBeLessThan(-0.8);
    expect(Math.max(...angles)).toBeGreaterThan(0.8);
  });

  it('stay what they were in recipes that know of no look-alikes', () => {
    const { search, truths } = draw(3);
    expect(truths.some(({ gone, lookAlike }) => gone || lookAlike)).toBe(false);
    const sum = search.reduce((a, v) => a + v, 0);
    // As it was before there were any.
    expect(sum).toBeCloseTo(1831671.7, 0);
  });

  it('have look-alikes, and targets that are gone, as often as asked for, though not in grey', () => {
    const { truths } = draw(400, { lookAlike: 0.5, recoloured: 0.1, covered: 0.1 });
    const share = (of: (t: PairTruth) => boolean) => truths.filter(of).length / truths.length;
    expect(share((t) => t.lookAlike !== undefined)).toBeGreaterThan(0.36);
    expect(share((t) => t.lookAlike !== undefined)).toBeLessThan(0.52);
    expect(share((t) => t.gone === true)).toBeGreaterThan(0.11);
    expect(share((t) => t.gone === true)).toBeLessThan(0.24);
  });
});
