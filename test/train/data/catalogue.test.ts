import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogueClip, type DataFolders, openCatalogue } from '../../../src/train/data/catalogue.js';
import { PairSampler } from '../../../src/train/data/pairs.js';
import { Random } from '../../../src/train/random.js';
import { maskRows, png } from '../../datasets/write-png.js';
import { makeClips } from '../recipe.js';

const [WIDTH, HEIGHT] = [200, 100];
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function temporary(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `siamtrack-${name}-`));
  folders.push(folder);
  return folder;
}

/** Two videos of three pictures: each shows a penguin and another penguin or an otter, beside each other. */
async function makeMasks(): Promise<string> {
  const root = await temporary('masks');
  const put = async (path: string, content: Buffer | string) => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  };
  const create = { width: WIDTH, height: HEIGHT, channels: 3, background: '#678' } as const;
  const picture = await sharp({ create }).jpeg().toBuffer();
  for (const video of ['ice', 'sea']) {
    for (const k of [0, 1, 2]) {
      await put(`JPEGImages/${video}/0000${k}.jpg`, picture);
      const rows = maskRows(WIDTH, HEIGHT, [1, 40 + k, 30, 30, 40], [2, 120 - k, 30, 30, 40]);
      // The second object is not in the first picture of the sea; nothing is in its last.
      if (video === 'sea' && k === 0) for (const row of rows) row.fill(0, 100);
      await put(
        `Annotations/${video}/0000${k}.png`,
        png(video === 'sea' && k === 2 ? maskRows(WIDTH, HEIGHT) : rows),
      );
    }
  }
  const objects = (second: string) => ({ objects: { 1: { category: 'penguin' }, 2: { category: second } } });
  await put('meta.json', JSON.stringify({ videos: { ice: objects('penguin'), sea: objects('otter') } }));
  return root;
}

const dataOf = (...clips: { folder: string; share: number; rough?: boolean }[]): DataFolders => ({
  clips: clips.map((folder) => ({ rough: false, ...folder })),
  clipsOneBased: true,
  stills: [],
  photos: [],
  longestSide: 100,
});

describe('a catalogue of masks', () => {
  let masks: string;
  let otb: string;
  let cache: string;
  beforeAll(async () => {
    [masks, otb, cache] = await Promise.all([makeMasks(), makeClips(2), temporary('cache')]);
    folders.push(otb);
  });
  const both = (share: number) => dataOf({ folder: otb, share: 1 }, { folder: masks, share });

  it('holds a clip an object, beside clips of another layout', async () => {
    const progress: [number, number][] = [];
    const { catalogue } = await openCatalogue(both(2), cache, (...now) => progress.push(now));
    const found = catalogue.clips.map(({ sightings, ...clip }) => ({ ...clip, boxes: sightings.length }));
    const clip = (name: string, kind: string, boxes: number) => ({
      name,
      boxes,
      folder: 1,
      share: 2,
      rough: false,
      video: name.slice(0, -2),
      kind,
    });
    expect(found).toEqual([
      { name: 'clip0', boxes: 3, folder: 0, share: 1, rough: false },
      { name: 'clip1', boxes: 3, folder: 0, share: 1, rough: false },
      clip('ice-1', 'penguin', 3),
      clip('ice-2', 'penguin', 3),
      clip('sea-1', 'penguin', 2),
      clip('sea-2', 'otter', 1),
    ]);
    // Boxes are in pixels of the picture as it is kept, here half as large.
    const [ice1, ice2] = catalogue.clips.slice(2);
    expect(ice1.sightings.map(({ box }) => box)).toEqual([0, 1, 2].map((k) => [20 + k / 2, 15, 15, 20]));
    expect(catalogue.pictures[ice1.sightings[0].picture]).toMatchObject({ width: 100, height: 50 });
    expect(ice1.sightings.map(({ picture }) => picture)).toEqual(
      ice2.sightings.map(({ picture }) => picture),
    );
    // Pictures that show nothing are not kept: six of clips, three of the ice, two of the sea.
    expect(catalogue.pictures).toHaveLength(11);
    expect(progress).toContainEqual([6, 6]);
  });

  it('is found again without reading, with another share too, until a mask changes', async () => {
    const kept = async () => (await readdir(cache)).filter((name) => name.endsWith('.rgb')).length;
    const before = await kept();
    const again = () => expect.fail('decodes again');
    const { catalogue } = await openCatalogue(both(5), cache, again);
    expect(catalogue.clips.map(({ share }) => share)).toEqual([1, 1, 5, 5, 5, 5]);
    const rough = dataOf({ folder: otb, share: 1, rough: true }, { folder: masks, share: 5 });
    const { catalogue: other } = await openCatalogue(rough, cache, again);
    expect(other.clips.map((clip) => clip.rough)).toEqual([true, true, false, false, false, false]);
    expect(await kept()).toBe(before);
    await utimes(join(masks, 'Annotations/ice/00001.png'), 1, 1);
    await openCatalogue(both(5), cache);
    expect(await kept()).toBe(before + 1);
  });

  it('leaves the key of caches without masks as it was', async () => {
    const own = await temporary('cache');
    await openCatalogue(dataOf({ folder: otb, share: 1 }), own);
    const files = [0, 1].flatMap((k) => [1, 2, 3].map((n) => join(otb, `clip${k}`, 'img', `${n}.png`)));
    const { catalogue } = await openCatalogue(
      { ...dataOf({ folder: otb, share: 1 }), longestSide: 4096 },
      own,
    );
    // What decided it when masks were not known: files, clips, stills, photos and the longest side, in this form.
    const clips = catalogue.clips.map(({ name, sightings, folder }) => ({ name, sightings, folder }));
    const key = createHash('sha256')
      .update(JSON.stringify([files, clips, [], [], 100]))
      .digest('hex');
    expect(await readdir(own)).toContain(`${key.slice(0, 16)}.json`);
  });

  it('draws alike pairs by category, and tells which show the same pictures', async () => {
    const { catalogue, pixels } = await openCatalogue(dataOf({ folder: masks, share: 1 }), cache);
    const sampler = new PairSampler(catalogue, pixels, {
      templateSize: 15,
      searchSize: 31,
      contextAmount: 0.5,
      masked: false,
      mixture: { clips: 1, stills: 0, photos: 0 },
      shift: 4,
      scale: 0.1,
      gap: 10,
      strength: 0,
      occlusion: 0,
      distractor: 0,
      transplant: 0,
      lowResolution: 0,
      alike: 1,
      lookAlike: 0,
      recoloured: 0,
      covered: 0,
      mirrored: 0,
      turned: 0,
      colour: 1,
    });
    const crop = (size: number) => ({ data: new Float32Array(3 * size * size), at: 0, size });
    const before = (kind: string) => ({
      crop: crop(31),
      truth: {
        ...{ cx: 0, cy: 0, width: 9, height: 9, template: { width: 9, height: 9, mean: [0, 0, 0] as const } },
        ...({ certainty: 'box', source: 'other', kind } as const),
      },
    });
    const draw = (kind: string) =>
      Array.from({ length: 40 }, (_, k) => sampler.draw(new Random(k), crop(15), crop(31), before(kind)));
    expect(new Set(draw('penguin').map(({ kind }) => kind))).toEqual(new Set(['penguin']));
    expect(new Set(draw('penguin').map(({ source }) => source))).toEqual(new Set(['ice', 'sea']));
    // There is one otter alone: pairs after it show anything.
    expect(new Set(draw('otter').map(({ kind }) => kind))).toEqual(new Set(['penguin', 'otter']));
    sampler.close();
  });

  it('holds each object for a kind of its own where categories are not known', async () => {
    const bare = await makeMasks();
    await unlink(join(bare, 'meta.json'));
    const { catalogue } = await openCatalogue(dataOf({ folder: bare, share: 1 }), cache);
    expect(catalogue.clips.map(({ kind }: CatalogueClip) => kind)).toEqual([
      'ice-1',
      'ice-2',
      'sea-1',
      'sea-2',
    ]);
  });

  it('names a picture that cannot be decoded', async () => {
    const broken = await makeClips(1);
    folders.push(broken);
    await writeFile(join(broken, 'clip0/img/2.png'), 'nonsense');
    await expect(openCatalogue(dataOf({ folder: broken, share: 1 }), cache)).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringMatching(/clip0.img.2\.png: expected a picture that can be decoded/),
    });
  });
});
