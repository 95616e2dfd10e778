import { describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { fromStarts, type Sequence } from '../../src/datasets/index.js';

const box = (x: number): Box => [x, 0, 10, 10];

function sequence(boxes: (Box | null)[]): Sequence {
  return {
    name: 'walk',
    layout: 'otb',
    source: 'walk/img',
    pictures: boxes.map((_, k) => `${k}.jpg`),
    skip: 0,
    targets: [{ name: 'walk', file: 'walk/groundtruth_rect.txt', boxes }],
  };
}

const ten = sequence(Array.from({ length: 10 }, (_, k) => box(k)));

describe('starts', () => {
  it('are the first frame alone by default', () => {
    expect(fromStarts([ten], {})).toEqual([ten]);
  });

  it('are spread evenly, and each is a sequence of its own to the end', () => {
    const runs = fromStarts([ten], { starts: 2 });
    expect(runs.map(({ name, skip }) => [name, skip])).toEqual([
      ['walk', 0],
      ['walk@5', 5],
    ]);
    expect(runs[1].targets).toEqual([
      { name: 'walk@5', file: 'walk/groundtruth_rect.txt', boxes: ten.targets[0].boxes.slice(5) },
    ]);
  });

  it('begin where the target is visible', () => {
    const absent = sequence([box(0), box(1), null, null, box(4), box(5), box(6), box(7)]);
    const [, second] = fromStarts([absent], { starts: 4 });
    expect(second).toMatchObject({ name: 'walk@4', skip: 4 });
  });

  it('that fall together count once, and those with nothing left to follow not at all', () => {
    const end = sequence([box(0), box(1), null, null, null, null, null, box(7)]);
    expect(fromStarts([end], { starts: 4 }).map(({ name }) => name)).toEqual(['walk']);
  });

  it('can be followed for some frames only', () => {
    const runs = fromStarts([ten], { starts: 2, frames: 3 });
    expect(runs.map(({ targets }) => targets[0].boxes)).toEqual([
      [box(0), box(1), box(2)],
      [box(5), box(6), box(7)],
    ]);
  });

  it('keep the frames that the source has before the truth', () => {
    const [, second] = fromStarts([{ ...ten, skip: 100 }], { starts: 2 });
    expect(second.skip).toBe(105);
  });

  it('are made for each target of a sequence', () => {
    const two = { ...ten, targets: [ten.targets[0], { ...ten.targets[0], name: 'walk.2' }] };
    expect(fromStarts([two], { starts: 2 }).map(({ name }) => name)).toEqual([
      'walk',
      'walk@5',
      'walk.2',
      'walk.2@5',
    ]);
  });
});
