import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/train/random.js';
import { Teacher, type Template } from '../../src/train/teacher.js';

describe('a teacher', () => {
  let teacher: Teacher;
  const random = new Random(3);
  const crop = (size: number) => Float32Array.from({ length: 3 * size ** 2 }, () => random.uniform(0, 255));
  const template = (width: number, height: number): Template => ({
    crop: crop(127),
    of: { width, height, mean: [127, 127, 127] },
  });
  beforeAll(async () => {
    teacher = await Teacher.load('models/siamtrack-s');
  });

  it('looks for a turned template, and teaches the embedding of the one as it is', async () => {
    const [upright, turned, search] = [template(40, 80), template(80, 40), crop(255)];
    const plain = await teacher.teach(upright, search);
    const other = await teacher.teach(turned, search);
    const both = await teacher.teach(upright, search, turned);
    expect(both.template).toEqual(plain.template);
    expect(both.search).toEqual(plain.search);
    expect(both.score).toEqual(other.score);
    expect(both.box).toEqual(other.box);
    expect(both.score).not.toEqual(plain.score);
  });
});
