import type { Batch } from './data/batch.js';
import type { PairTruth } from './data/pairs.js';

/** The search grid: cell i looks at `offset + i * stride` search pixels from the crop's centre, along x and y. */
export interface Grid {
  readonly cells: number;
  readonly stride: number;
  readonly offset: number;
}

/** Labels of a batch on the search grid, cell after cell, pair after pair. */
export interface Labels {
  /** 1 on the target. */
  readonly score: Float32Array;
  /** 0 where a cell is neither surely on the target nor surely off it. */
  readonly scoreWeight: Float32Array;
  /** Left, top, right, bottom, 4 a cell. */
  readonly box: Float32Array;
  readonly boxWeight: Float32Array;
  /** The teacher's maps on the student's grid, its boxes with weight 0 where they are not to be learnt or its grid has no such cell. */
  readonly teacherScore: Float32Array;
  readonly teacherBox: Float32Array;
  readonly teacherWeight: Float32Array;
}

/**
 * Cells inside half the target's ellipse are positive, outside the whole ellipse negative, between them ignored
 * (SiamBAN, Chen 2020, 3.3); the cell nearest to the centre is always positive.
 */
export function makeLabels(batch: Pick<Batch, 'truths' | 'teacher'>, grid: Grid, teacherGrid?: Grid): Labels {
  const pairs = batch.truths.length;
  const cells = grid.cells ** 2;
  const labels: Labels = {
    score: new Float32Array(pairs * cells),
    scoreWeight: new Float32Array(pairs * cells).fill(1),
    box: new Float32Array(pairs * cells * 4),
    boxWeight: new Float32Array(pairs * cells),
    teacherScore: new Float32Array(pairs * cells),
    teacherBox: new Float32Array(pairs * cells * 4).fill(1),
    teacherWeight: new Float32Array(pairs * cells),
  };
  for (let k = 0; k < pairs; k++) {
    const truth = batch.truths[k];
    const nearest = nearestCell(grid, truth.cx, truth.cy);
    for (let j = 0; j < grid.cells; j++) {
      for (let i = 0; i < grid.cells; i++) {
        const at = k * cells + j * grid.cells + i;
        const dx = grid.offset + i * grid.stride - truth.cx;
        const dy = grid.offset + j * grid.stride - truth.cy;
        const r = Math.hypot(dx / (truth.width / 2), dy / (truth.height / 2));
        if (truth.gone) continue;
        const isNearest = j * grid.cells + i === nearest;
        if (isNearest || r < 0.5) labels.score[at] = 1;
        else if (r < 1 || (truth.certainty === 'place' && r < 1.5)) labels.scoreWeight[at] = 0;
        if (truth.certainty === 'place' || !(isNearest || r < 0.7)) continue;
        const sides = [
          dx + truth.width / 2,
          dy + truth.height / 2,
          truth.width / 2 - dx,
          truth.height / 2 - dy,
        ];
        // A tiny target may hold no cell: distances would be negative.
        if (Math.min(...sides) <= 0) continue;
        labels.box.set(sides, at * 4);
        labels.boxWeight[at] = 1;
      }
    }
    if (batch.teacher && teacherGrid)
      copyTeacher(batch.teacher.score, batch.teacher.box, k, teacherGrid, grid, labels, truth);
  }
  return labels;
}

/** Cells of the search grid left out on each side by the plain response, whose cells are places of the whole template. */
export function responseMargin(templateCells: number): number {
  return Math.floor(templateCells / 2);
}

/** Where the cells of the plain response look. */
export function responseGrid(search: Grid, templateCells: number): Grid {
  const { stride } = search;
  const offset = search.offset + responseMargin(templateCells) * stride;
  return { cells: search.cells - templateCells + 1, stride, offset };
}

function nearestCell(grid: Grid, x: number, y: number): number {
  const clamp = (v: number) =>
    Math.min(grid.cells - 1, Math.max(0, Math.round((v - grid.offset) / grid.stride)));
  return clamp(y) * grid.cells + clamp(x);
}

function copyTeacher(
  score: Float32Array,
  box: Float32Array,
  k: number,
  from: Grid,
  to: Grid,
  labels: Labels,
  truth: PairTruth,
): void {
  const shift = Math.round((from.offset - to.offset) / to.stride);
  const cells = from.cells ** 2;
  for (let j = 0; j < from.cells; j++) {
    for (let i = 0; i < from.cells; i++) {
      const [x, y] = [i + shift, j + shift];
      if (x < 0 || y < 0 || x >= to.cells || y >= to.cells) continue;
      const source = j * from.cells + i;
      const at = k * to.cells ** 2 + y * to.cells + x;
      // It may take a look-alike for the target, or what stands in its place.
      const [cx, cy] = [to.offset + x * to.stride, to.offset + y * to.stride];
      if (!truth.gone && !isLookAlike(truth, cx, cy)) labels.teacherScore[at] = score[k * cells + source];
      // Of a patch the teacher sees an object's extent, where the patch's own is asked for.
      labels.teacherWeight[at] = truth.certainty === 'patch' ? 0 : 1;
      for (let c = 0; c < 4; c++)
        labels.teacherBox[at * 4 + c] = Math.max(1, box[k * 4 * cells + c * cells + source]);
    }
  }
}

function isLookAlike(truth: PairTruth, x: number, y: number): boolean {
  const copy = truth.lookAlike;
  if (!copy || Math.abs(x - copy.cx) >= copy.width / 2 || Math.abs(y - copy.cy) >= copy.height / 2)
    return false;
  return Math.hypot((x - truth.cx) / (truth.width / 2), (y - truth.cy) / (truth.height / 2)) > 1;
}
