import type { Box } from '../../../src/common/index.js';
import { type JudgedFrame, judge } from '../../../src/evaluate/honest/index.js';
import type { TargetState } from '../../../src/formats/index.js';

/** One frame in short: the overlap of box and truth, `-` where the target is absent and `!` where the tracker gave no box. */
export type Short = readonly [overlap: number | '-' | '!', score?: number, state?: TargetState];

/** A truth of 10 x 10, and a box that overlaps it by so much: the same height, cut or moved away. */
export function boxWithOverlap(overlap: number): Box {
  return overlap === 0 ? [50, 50, 10, 10] : [0, 0, 10 * overlap, 10];
}

/** Frames from shorthand, the given frame put first. */
export function frames(...shorts: readonly Short[]): JudgedFrame[] {
  const all: Short[] = [[1, 1, shorts[0]?.[2] && 'tracking'], ...shorts];
  return judge({
    truth: all.map(([overlap]): Box | null => (overlap === '-' ? null : [0, 0, 10, 10])),
    boxes: all.map(([overlap]) => (overlap === '!' ? null : boxWithOverlap(overlap === '-' ? 0 : overlap))),
    scores: all[1]?.[1] === undefined ? null : all.map(([, score]) => score!),
    states: all[1]?.[2] === undefined ? null : all.map(([, , state]) => state!),
  });
}
