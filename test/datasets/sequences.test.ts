import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  readGot10kSequence,
  readOtbFolder,
  readOtbSequence,
  readSequences,
  readVideoSequence,
} from '../../src/datasets/index.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-datasets-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text = ''): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

describe('readOtbSequence', () => {
  it('reads pictures in natural order and boxes from 0', async () => {
    for (const k of [10, 2, 1]) await put(`Biker/img/${k}.jpg`);
    await put('Biker/img/Thumbs.db');
    await put('Biker/img/.hidden.jpg');
    await put('Biker/groundtruth_rect.txt', '262,94,16,26\n263\t94\t16\t26\n');
    const sequence = await readOtbSequence(join(root, 'Biker'));
    expect(sequence.name).toBe('Biker');
    expect(sequence.source).toBe(join(root, 'Biker/img'));
    expect(sequence.pictures).toEqual([1, 2, 10].map((k) => join(root, `Biker/img/${k}.jpg`)));
    expect(sequence.targets).toEqual([
      {
        name: 'Biker',
        file: join(root, 'Biker/groundtruth_rect.txt'),
        boxes: [
          [261, 93, 16, 26],
          [262, 93, 16, 26],
        ],
      },
    ]);
  });

  it('names one target a numbered file and then leaves the unnumbered file out', async () => {
    await put('Jogging/img/1.jpg');
    for (const k of ['.10', '.2', '.1', '']) await put(`Jogging/groundtruth_rect${k}.txt`, '1,1,5,5');
    const { targets } = await readOtbSequence(join(root, 'Jogging'));
    expect(targets.map(({ name }) => name)).toEqual(['Jogging.1', 'Jogging.2', 'Jogging.10']);
  });

  it("starts OTB's David where its truth does", async () => {
    await mkdir(join(root, 'David/img'), { recursive: true });
    await Promise.all(Array.from({ length: 770 }, (_, k) => put(`David/img/${k + 1}.jpg`)));
    await put('David/groundtruth_rect.txt', '1,1,5,5\n'.repeat(471));
    expect((await readOtbSequence(join(root, 'David'))).skip).toBe(299);
  });

  it.each([
    ['no truth', {}, 'expected a groundtruth_rect.txt'],
    ['an empty truth', { 'groundtruth_rect.txt': '\n' }, 'expected one box a line, got an empty file'],
    ['no first box', { 'groundtruth_rect.txt': 'NaN,NaN,NaN,NaN' }, 'groundtruth_rect.txt:1: expected a box'],
    ['a broken line', { 'groundtruth_rect.txt': '1,1,5,5\n1,1,5' }, 'groundtruth_rect.txt:2: expected four'],
  ])('says what is wrong with %s', async (_, files: Record<string, string>, message) => {
    await put('A/img/1.jpg');
    for (const [name, text] of Object.entries(files)) await put(`A/${name}`, text);
    await expect(readOtbSequence(join(root, 'A'))).rejects.toThrow(message);
  });

  it('says that there are no pictures', async () => {
    await put('A/img/notes.txt');
    await put('A/groundtruth_rect.txt', '1,1,5,5');
    await expect(readOtbSequence(join(root, 'A'))).rejects.toThrow('expected pictures');
  });
});

describe('readOtbFolder', () => {
  it('reads 0-based clips and leaves other entries alone', async () => {
    await put('clips/b/img/1.jpg');
    await put('clips/b/groundtruth_rect.txt', '0,0,5,5');
    await put('clips/README.md');
    await put('clips/other/x.txt');
    const sequences = await readOtbFolder(join(root, 'clips'), { oneBased: false });
    expect(sequences.map(({ name }) => name)).toEqual(['b']);
    expect(sequences[0].targets[0].boxes).toEqual([[0, 0, 5, 5]]);
  });

  it('refuses a folder without sequences', async () => {
    await expect(readOtbFolder(root)).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });
});

describe('readGot10kSequence', () => {
  it('turns absent frames into null', async () => {
    for (const k of [1, 2, 3]) await put(`GOT/0000000${k}.jpg`);
    await put('GOT/groundtruth.txt', '1.0,1.0,5.0,5.0\n2,2,5,5\n3,3,5,5');
    await put('GOT/absence.label', '0\n1\n0\n');
    const sequence = await readGot10kSequence(join(root, 'GOT'));
    expect(sequence.pictures).toHaveLength(3);
    expect(sequence.targets[0].boxes).toEqual([[0, 0, 5, 5], null, [2, 2, 5, 5]]);
  });

  it.each([
    ['0\n1', 'expected 1 lines'],
    ['2', 'absence.label:1: expected 0 or 1'],
  ])('checks absence.label %j', async (text, message) => {
    await put('GOT/1.jpg');
    await put('GOT/groundtruth.txt', '1,1,5,5');
    await put('GOT/absence.label', text);
    await expect(readGot10kSequence(join(root, 'GOT'))).rejects.toThrow(message);
  });
});

describe('readVideoSequence', () => {
  it('reads corners and absences', async () => {
    await put('car/car.mpg');
    await put('car/init.txt', '9,9,9,9');
    await put('car/gt.txt', '142,125,232,164\nNaN,NaN,NaN,NaN\n');
    const sequence = await readVideoSequence(join(root, 'car'));
    expect(sequence).toMatchObject({ layout: 'video', source: join(root, 'car/car.mpg'), pictures: null });
    expect(sequence.targets[0].boxes).toEqual([[141, 124, 91, 40], null]);
  });

  it('will not choose between two videos', async () => {
    await put('car/a.mp4');
    await put('car/b.avi');
    await put('car/gt.txt', '1,1,5,5');
    await expect(readVideoSequence(join(root, 'car'))).rejects.toThrow(
      /expected one video file, got .*a\.mp4/,
    );
  });
});

describe('readSequences', () => {
  beforeEach(async () => {
    await put('otb/img/1.jpg');
    await put('otb/groundtruth_rect.txt', '1,1,5,5');
    await put('got/1.jpg');
    await put('got/groundtruth.txt', '1,1,5,5');
    await put('tld/v.mpg');
    await put('tld/gt.txt', '1,1,5,5');
    await put('junk/readme.txt');
  });

  it('recognises each layout of a mixed folder', async () => {
    const sequences = await readSequences(root);
    expect(sequences.map(({ name, layout }) => [name, layout])).toEqual([
      ['got', 'got10k'],
      ['otb', 'otb'],
      ['tld', 'video'],
    ]);
  });

  it('takes one sequence for itself', async () => {
    expect((await readSequences(join(root, 'tld'))).map(({ name }) => name)).toEqual(['tld']);
  });

  it('reads only what was asked for', async () => {
    expect((await readSequences(root, { only: ['tld'] })).map(({ name }) => name)).toEqual(['tld']);
    await expect(readSequences(root, { only: ['otb', 'nope'] })).rejects.toThrow('sequences named nope');
    await expect(readSequences(root, { only: ['junk'] })).rejects.toThrow('expected sequences');
  });

  it('names a missing folder', async () => {
    await expect(readSequences(join(root, 'gone'))).rejects.toThrow(
      /gone: expected a readable folder, got ENOENT/,
    );
  });
});
