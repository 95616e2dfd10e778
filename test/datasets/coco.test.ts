import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCocoAnnotations } from '../../src/datasets/index.js';

let root: string;
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-coco-'));
  file = join(root, 'annotations.json');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const images = [
  { id: 1, file_name: 'a.jpg', width: 400, height: 325, licence: 3 },
  { id: 2, file_name: 'b.jpg', width: 10, height: 10 },
];
const annotation = { id: 1, image_id: 1, category_id: 7, bbox: [10.4, 248.8, 56.8, 40.8], iscrowd: 0 };

async function read(content: unknown, options?: { images?: string }) {
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readCocoAnnotations(file, options);
}

describe('readCocoAnnotations', () => {
  it('puts each object on its image', async () => {
    const categories = [{ id: 7, name: 'car' }];
    expect(await read({ images, annotations: [annotation], categories })).toEqual([
      {
        file: join(root, 'images', 'a.jpg'),
        width: 400,
        height: 325,
        objects: [{ box: [10.4, 248.8, 56.8, 40.8], category: 'car', crowd: false }],
      },
      { file: join(root, 'images', 'b.jpg'), width: 10, height: 10, objects: [] },
    ]);
  });

  it('keeps crowds marked, leaves flat boxes out and names unnamed categories by id', async () => {
    const annotations = [
      { ...annotation, iscrowd: 1 },
      { ...annotation, bbox: [1, 1, 0, 5] },
    ];
    const [first] = await read({ images, annotations });
    expect(first.objects).toEqual([{ box: annotation.bbox, category: '7', crowd: true }]);
  });

  it('takes another folder of pictures', async () => {
    const [first] = await read({ images, annotations: [] }, { images: '/elsewhere' });
    expect(first.file).toBe(join('/elsewhere', 'a.jpg'));
  });

  it.each([
    ['not JSON', '{', /expected JSON/],
    ['no images', { annotations: [] }, /annotations\.json: images: expected COCO annotations/],
    ['a short box', { images, annotations: [{ ...annotation, bbox: [1, 2, 3] }] }, /annotations\.0\.bbox/],
    ['an unknown image', { images, annotations: [{ ...annotation, image_id: 9 }] }, /image_id: .*got 9/],
  ])('says where it is wrong: %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});
