import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandInputs } from '../../src/batch/inputs.js';
import { matchTargets } from '../../src/batch/match.js';
import { parseTargets } from '../../src/batch/targets-file.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siamtrack-inputs-'));
  for (const file of [
    'a/one.mp4',
    'a/one.mkv',
    'a/deep/two.MPG',
    'a/notes.txt',
    'a/.hidden.mp4',
    'b/one.mp4',
    'b/three.mp4',
    'dog/img/0001.jpg',
    'dog/img/0002.jpg',
    'dog/groundtruth_rect.txt',
    'stills/1.png',
    'out/done.mp4',
  ]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), 'x');
  }
  symlinkSync(join(folder, 'b'), join(folder, 'a', 'link'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]) => names.map((name) => join(folder, name));
const namesOf = async (...names: string[]) =>
  (await expandInputs(at(...names))).map(({ name, kind }) => `${kind} ${name}`);

describe('inputs', () => {
  it('are the videos of a folder at any depth, named by their path in it', async () => {
    expect(await namesOf('b')).toEqual(['video one', 'video three']);
  });

  it('keep the extension where two differ in nothing else', async () => {
    expect(await namesOf('a')).toEqual(['video one.mkv', 'video one.mp4', 'video deep/two']);
  });

  it('are folders of stills, benchmarks among them', async () => {
    expect(await namesOf('dog', 'stills')).toEqual(['stills dog', 'stills stills']);
  });

  it('may be single files, named by their own name, longer where that is taken', async () => {
    expect(await namesOf('b/three.mp4')).toEqual(['video three']);
    expect(await namesOf('a/one.mp4', 'b/one.mp4', 'b/three.mp4')).toEqual([
      'video a/one',
      'video b/one',
      'video three',
    ]);
  });

  it('may be globs and addresses, and count once however often they are named', async () => {
    const found = await expandInputs([
      join(folder, 'b/*.mp4'),
      join(folder, 'b'),
      'https://host/v/clip.mp4?key=1',
    ]);
    expect(found.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'video one',
      'video three',
      'url clip',
    ]);
  });

  it('are in the same order and of the same names each time', async () => {
    expect(await namesOf('.')).toEqual(await namesOf('.'));
  });

  it('are not looked for among the results', async () => {
    const found = await expandInputs([folder], join(folder, 'out'));
    expect(found.some(({ location }) => location.includes('done'))).toBe(false);
  });

  it.each(['nothing', 'a/*.avi'])('that bring nothing are named: %s', async (name) => {
    await expect(expandInputs(at('b', name))).rejects.toMatchObject({
      code: 'NO_INPUTS',
      message: expect.stringContaining(name),
    });
  });
});

describe('matching lines of a targets file', () => {
  const entries = (...videos: string[]) =>
    parseTargets(
      `video,id,x,y,width,height\n${videos.map((v, k) => `${v},${k},1,2,3,4`).join('\n')}`,
      't.csv',
    );

  it.each([
    ['three.mp4', ['three']],
    ['three', ['three']],
    ['b/three.mp4', ['three']],
    ['./b/three.mp4', ['three']],
    ['dog', ['dog']],
    ['a/one.mkv', ['one.mkv']],
    ['*', ['one.mkv', 'a/one', 'b/one', 'three', 'dog']],
  ])('%s', async (video, expected) => {
    const all = await expandInputs(at('a/one.mkv', 'a/one.mp4', 'b/one.mp4', 'b/three.mp4', 'dog'));
    const { targets } = matchTargets(all, entries(video), join(folder, 't.csv'));
    expect([...targets.keys()].map(({ name }) => name)).toEqual(expected);
  });

  it('refuses a line that could mean several, by its number', async () => {
    const all = await expandInputs(at('a/one.mp4', 'b/one.mp4'));
    expect(() => matchTargets(all, entries('*', 'one.mp4'), 't.csv')).toThrow(
      /^t\.csv:3: video: expected one input/,
    );
  });

  it('does not take the end of a name for a name', async () => {
    const all = await expandInputs(at('b/three.mp4'));
    const { targets, unused } = matchTargets(all, entries('ree.mp4'), 't.csv');
    expect(targets.size).toBe(0);
    expect(unused).toMatchObject([{ video: 'ree.mp4', line: 2 }]);
  });
});
