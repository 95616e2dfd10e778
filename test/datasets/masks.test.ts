import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listMaskSequences, looksLikeMasks, readMaskTargets } from '../../src/datasets/index.js';
import { maskRows, type PngOptions, png } from './write-png.js';

const [WIDTH, HEIGHT] = [100, 50];
type Rectangle = readonly [number, number, number, number, number];

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-masks-'));
});
afterEach(() => rm(root, { recursive: true }));

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

let picture: Buffer;
async function putPicture(path: string): Promise<void> {
  const create = { width: WIDTH, height: HEIGHT, channels: 3, background: '#678' } as const;
  picture ??= await sharp({ create }).jpeg().toBuffer();
  await put(`${path}.jpg`, picture);
}

const putMask = (path: string, rectangles: readonly Rectangle[], options?: PngOptions) =>
  put(`${path}.png`, png(maskRows(WIDTH, HEIGHT, ...rectangles), options));

/** A sequence of pictures, each with its mask. */
async function putSequence(
  frames: readonly (readonly Rectangle[])[],
  { level = '480p/', masks = 'Annotations', name = 'dogs', png: options = {} as PngOptions } = {},
): Promise<void> {
  for (const [k, rectangles] of frames.entries()) {
    await putPicture(`JPEGImages/${level}${name}/0000${k}`);
    await putMask(`${masks}/${level}${name}/0000${k}`, rectangles, options);
  }
}

async function readAll() {
  const sequences = await listMaskSequences(root);
  return (await Promise.all(sequences.map(readMaskTargets))).flat();
}

describe('mask data sets', () => {
  it('give every object of a sequence its boxes, null where it is not seen', async () => {
    await putSequence([
      [
        [1, 10, 5, 20, 10],
        [2, 40, 20, 5, 6],
      ],
      [[1, 12, 5, 20, 10]],
      [
        [2, 42, 20, 5, 6],
        // A box surrounds all parts.
        [2, 60, 30, 2, 2],
      ],
    ]);
    expect(await looksLikeMasks(root)).toBe(true);
    const [{ name, frames }] = await listMaskSequences(root);
    expect(name).toBe('dogs');
    expect(frames[1]).toEqual({
      picture: join(root, 'JPEGImages/480p/dogs/00001.jpg'),
      mask: join(root, 'Annotations/480p/dogs/00001.png'),
    });
    expect(await readAll()).toEqual([
      { name: 'dogs-1', category: undefined, boxes: [[10, 5, 20, 10], [12, 5, 20, 10], null] },
      { name: 'dogs-2', category: undefined, boxes: [[40, 20, 5, 6], null, [42, 20, 20, 12]] },
    ]);
  });

  it.each([
    ['with a resolution', { level: '480p/' }],
    ['in full resolution', { level: 'Full-Resolution/' }],
    ['without', { level: '' }],
    ['unsupervised', { masks: 'Annotations_unsupervised' }],
  ])('are found %s', async (_, layout) => {
    await putSequence([[[3, 10, 10, 8, 9]]], layout);
    expect(await readAll()).toMatchObject([{ name: 'dogs-3', boxes: [[10, 10, 8, 9]] }]);
  });

  it('leave 255 alone beside objects, and take it for the object where it is alone', async () => {
    await putSequence([
      [
        [1, 10, 10, 8, 9],
        [255, 50, 10, 20, 20],
      ],
      [[255, 50, 10, 20, 20]],
    ]);
    expect((await readAll()).map(({ name, boxes }) => [name, boxes])).toEqual([
      ['dogs-1', [[10, 10, 8, 9], null]],
    ]);
    await putSequence([[[255, 20, 10, 8, 9]], []], { name: 'bear', png: { colour: 0 } });
    expect((await readAll()).map(({ name, boxes }) => [name, boxes])).toEqual([
      ['bear-1', [[20, 10, 8, 9], null]],
      ['dogs-1', [[10, 10, 8, 9], null]],
    ]);
  });

  it.each<[string, Rectangle, boolean]>([
    ['a sliver at the left', [1, 0, 10, 2, 20], false],
    ['a sliver at the right', [1, 98, 10, 2, 20], false],
    ['a sliver at the top', [1, 30, 0, 20, 1], false],
    ['a sliver at the bottom', [1, 30, 49, 20, 1], false],
    ['as thin, off the border', [1, 1, 10, 2, 20], true],
    ['at the border, reaching in', [1, 0, 10, 3, 20], true],
    ['all of the picture', [1, 0, 0, WIDTH, HEIGHT], true],
  ])('leave out slivers at the border alone: %s', async (_, rectangle, kept) => {
    const whole: Rectangle = [1, 40, 20, 10, 10];
    await putSequence([[whole], [rectangle]]);
    const [{ boxes }] = await readAll();
    expect(boxes).toEqual([whole.slice(1), kept ? rectangle.slice(1) : null]);
  });

  it('have no object that is never worth a box', async () => {
    await putSequence([[], [[4, 0, 0, 1, 30]]]);
    expect(await readAll()).toEqual([]);
  });

  it("know Youtube-VOS's masks of some pictures and its categories", async () => {
    for (let k = 0; k < 10; k++) await putPicture(`JPEGImages/0a7b/0000${k}`);
    for (const k of [0, 5]) {
      await putMask(`Annotations/0a7b/0000${k}`, [
        [1, 10 + k, 5, 20, 10],
        [2, 50, 5, 20, 10],
      ]);
    }
    const objects = { 1: { category: 'penguin', frames: ['00000', '00005'] }, 2: { frames: ['00000'] } };
    await put('meta.json', JSON.stringify({ videos: { '0a7b': { objects } } }));
    const [{ frames }] = await listMaskSequences(root);
    expect(frames.map(({ picture }) => picture.slice(-9))).toEqual(['00000.jpg', '00005.jpg']);
    expect((await readAll()).map(({ name, category, boxes }) => [name, category, boxes[1]])).toEqual([
      ['0a7b-1', 'penguin', [15, 5, 20, 10]],
      ['0a7b-2', undefined, [50, 5, 20, 10]],
    ]);
  });

  const mask = 'Annotations/480p/dogs/00001.png';
  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'no masks of a sequence',
      () => rm(join(root, 'Annotations/480p/dogs'), { recursive: true }),
      /480p\/dogs: expected a readable folder, got ENOENT/,
    ],
    [
      'an empty folder of masks',
      () => Promise.all([0, 1].map((k) => unlink(join(root, `Annotations/480p/dogs/0000${k}.png`)))),
      /480p\/dogs: expected masks \(\.png\), got none/,
    ],
    [
      'a mask without a picture',
      () => unlink(join(root, 'JPEGImages/480p/dogs/00001.jpg')),
      /00001\.png: expected a picture of the same name in .*JPEGImages/,
    ],
    [
      'a mask of another size',
      () => put(mask, png(maskRows(WIDTH, HEIGHT + 1))),
      /00001\.png: expected a mask of 100 x 50 pixels as .*00001\.jpg has, got 100 x 51/,
    ],
    ['a corrupt mask', () => put(mask, 'nonsense'), /00001\.png: expected a mask \(PNG\)/],
    [
      'a corrupt picture',
      () => put('JPEGImages/480p/dogs/00001.jpg', 'nonsense'),
      /00001\.jpg: expected a picture/,
    ],
    [
      'no pictures',
      () => rm(join(root, 'JPEGImages/480p/dogs'), { recursive: true }),
      /480p: expected a folder of pictures a sequence/,
    ],
    [
      'no folder of masks',
      () => rm(join(root, 'Annotations'), { recursive: true }),
      /expected JPEGImages\/ beside Annotations\//,
    ],
    ['a broken meta.json', () => put('meta.json', '{'), /meta\.json: expected JSON/],
    [
      'another meta.json',
      () => put('meta.json', '{"videos":{"a":{"objects":[]}}}'),
      /meta\.json: videos\.a\.objects: expected categories/,
    ],
  ])('say what is wrong: %s', async (_, spoil, message) => {
    await putSequence([[[1, 10, 10, 8, 9]], [[1, 11, 10, 8, 9]]]);
    await spoil();
    const failed = readAll();
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });

  it('are not confused with clips', async () => {
    await put('clip/groundtruth_rect.txt', '1,1,5,5');
    expect(await looksLikeMasks(root)).toBe(false);
  });
});
