import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/train/data/batch.js';
import type { PairTruth } from '../../src/train/data/pairs.js';
import { type Grid, makeLabels, responseGrid } from '../../src/train/labels.js';

const grid: Grid = { cells: 16, stride: 16, offset: -128 };
const truth = (t: Partial<PairTruth>): PairTruth => ({
  cx: 0,
  cy: 0,
  width: 64,
  height: 48,
  template: { width: 60, height: 45, mean: [0, 0, 0] },
  certainty: 'box',
  source: 'a',
  kind: 'a',
  ...t,
});
const batch = (truths: PairTruth[], teacher?: Batch['teacher']): Batch => ({
  index: 0,
  templates: new Float32Array(),
  searches: new Float32Array(),
  truths,
  teacher,
});
const cell = (i: number, j: number) => j * 16 + i;

describe('labels on the search grid', () => {
  it('are positive inside half the ellipse, ignored up to the whole one, negative beyond', () => {
    const { score, scoreWeight } = makeLabels(batch([truth({})]), grid);
    expect(score[cell(8, 8)]).toBe(1);
    // 16 px right: r = 0.5, no longer inside half.
    expect([score[cell(9, 8)], scoreWeight[cell(9, 8)]]).toEqual([0, 0]);
    expect([score[cell(11, 8)], scoreWeight[cell(11, 8)]]).toEqual([0, 1]);
  });

  it('always has a positive cell, however small or far off the target is', () => {
    for (const t of [truth({ width: 2, height: 2, cx: 7, cy: 7 }), truth({ cx: -500, cy: 500 })]) {
      const { score } = makeLabels(batch([t]), grid);
      expect(score.reduce((a, b) => a + b)).toBeGreaterThanOrEqual(1);
    }
  });

  it('gives distances to the sides of the box from each cell on it', () => {
    const { box, boxWeight } = makeLabels(batch([truth({ cx: 4, cy: -6 })]), grid);
    const at = cell(8, 8);
    expect(boxWeight[at]).toBe(1);
    expect([...box.subarray(at * 4, at * 4 + 4)]).toEqual([28, 30, 36, 18]);
  });

  it('knows no box of a patch whose extent is unknown, and asks nothing near it', () => {
    const { boxWeight, score, scoreWeight } = makeLabels(batch([truth({ certainty: 'place' })]), grid);
    expect(boxWeight.every((w) => w === 0)).toBe(true);
    expect(score[cell(8, 8)]).toBe(1);
    expect(scoreWeight[cell(10, 8)]).toBe(0);
  });

  it('are all negative, and learn nothing of the teacher, where the target is gone', () => {
    const teacherGrid: Grid = { cells: 15, stride: 16, offset: -112 };
    const maps = { score: new Float32Array(225).fill(0.7), box: new Float32Array(900).fill(9) };
    const teacher = { templates: new Float32Array(), searches: new Float32Array(), ...maps };
    const labels = makeLabels(batch([truth({ gone: true })], teacher), grid, teacherGrid);
    for (const map of [labels.score, labels.boxWeight, labels.teacherScore])
      expect(map.every((v) => v === 0)).toBe(true);
    expect(labels.scoreWeight.every((w) => w === 1)).toBe(true);
  });

  it('learn of the teacher everywhere but on a look-alike beside the target', () => {
    const teacherGrid: Grid = { cells: 15, stride: 16, offset: -112 };
    const maps = { score: new Float32Array(225).fill(0.5), box: new Float32Array(900).fill(9) };
    const teacher = { templates: new Float32Array(), searches: new Float32Array(), ...maps };
    const lookAlike = { cx: 48, cy: 0, width: 64, height: 48 };
    const { teacherScore } = makeLabels(batch([truth({ lookAlike })], teacher), grid, teacherGrid);
    // The look-alike reaches from 16 to 80 px, the target to 32.
    expect(teacherScore[cell(9, 8)]).toBe(0.5);
    for (const i of [11, 12]) expect(teacherScore[cell(i, 8)]).toBe(0);
    expect(teacherScore[cell(13, 8)]).toBe(0.5);
    expect(teacherScore[cell(11, 11)]).toBe(0.5);
  });

  it("puts the teacher's maps where its grid looks", () => {
    const teacherGrid: Grid = { cells: 15, stride: 16, offset: -112 };
    const score = new Float32Array(225);
    const box = new Float32Array(900).fill(5);
    score[7 * 15 + 7] = 0.75;
    box[2 * 225 + 7 * 15 + 7] = 33;
    const teacher = { templates: new Float32Array(), searches: new Float32Array(), score, box };
    const labels = makeLabels(batch([truth({})], teacher), grid, teacherGrid);
    expect(labels.teacherScore[cell(8, 8)]).toBe(0.75);
    expect([...labels.teacherBox.subarray(cell(8, 8) * 4, cell(8, 8) * 4 + 4)]).toEqual([5, 5, 33, 5]);
    expect(labels.teacherWeight[cell(0, 3)]).toBe(0);
    expect(labels.teacherWeight[cell(1, 1)]).toBe(1);
    // The extent of a patch is its own, not that of the object a teacher sees in it.
    const patch = makeLabels(batch([truth({ certainty: 'patch' })], teacher), grid, teacherGrid);
    expect(patch.teacherScore[cell(8, 8)]).toBe(0.75);
    expect(patch.teacherWeight.every((w) => w === 0)).toBe(true);
    expect(patch.boxWeight[cell(8, 8)]).toBe(1);
  });

  it('of a plain response are those of the cells that the middle of the whole template can be at', () => {
    // 16 search cells and 8 template cells: 9 places, the fifth in the middle.
    expect(responseGrid({ cells: 16, stride: 16, offset: -128 }, 8)).toEqual({
      cells: 9,
      stride: 16,
      offset: -64,
    });
  });
});
