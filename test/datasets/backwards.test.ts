import { describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { backwards, fromStarts, type Sequence } from '../../src/datasets/index.js';

const box = (x: number): Box => [x, 0, 10, 10];

function sequence(boxes: (Box | null)[], skip = 0): Sequence {
  const targets = [{ name: 'walk', file: 'walk/groundtruth_rect.txt', boxes }];
  return { name: 'walk', layout: 'otb', source: 'walk/img', pictures: null, skip, targets };
}

describe('backwards', () => {
  it('a target is followed from its last frame down to the first of its truth', () => {
    const [run] = backwards([sequence([box(0), box(1), box(2)], 100)]);
    expect(run).toMatchObject({ name: 'walk~', source: 'walk/img', skip: 102, backwards: true });
    expect(run.targets).toEqual([
      { name: 'walk~', file: 'walk/groundtruth_rect.txt', boxes: [box(2), box(1), box(0)] },
    ]);
  });

  it('it begins where the target is visible', () => {
    const [run] = backwards([sequence([box(0), null, box(2), null, null])]);
    expect(run.skip).toBe(2);
    expect(run.targets[0].boxes).toEqual([box(2), null, box(0)]);
  });

  it('each target of a sequence begins where it is visible last', () => {
    const both = sequence([box(0), box(1)]);
    const other = { name: 'walk.2', file: 'walk/2.txt', boxes: [box(0), null] };
    const runs = backwards([{ ...both, targets: [...both.targets, other] }]);
    expect(runs.map(({ name, skip }) => [name, skip])).toEqual([
      ['walk~', 1],
      ['walk.2~', 0],
    ]);
  });

  it('later starts are earlier frames of the source', () => {
    const four = sequence([box(0), box(1), box(2), box(3)], 10);
    const runs = fromStarts(backwards([four]), { starts: 2 });
    expect(runs.map(({ name, skip }) => [name, skip])).toEqual([
      ['walk~', 13],
      ['walk~@2', 11],
    ]);
    expect(runs[1].targets[0].boxes).toEqual([box(1), box(0)]);
  });
});
