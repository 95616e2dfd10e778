import type { TemplateShade } from '../../model/index.js';
import type { PairTruth } from './pairs.js';

/** Sizes of everything in one batch of pairs. */
export interface BatchLayout {
  readonly pairs: number;
  readonly templateSize: number;
  readonly searchSize: number;
  readonly templateShade: TemplateShade | undefined;
  /** The teacher's shapes; all 0 without a teacher. */
  readonly channels: number;
  readonly templateCells: number;
  readonly searchCells: number;
  readonly gridCells: number;
}

/** One batch of pairs, all arrays pair after pair: crops interleaved RGB, teacher maps planar. */
export interface Batch {
  readonly index: number;
  readonly templates: Float32Array;
  readonly searches: Float32Array;
  readonly truths: readonly PairTruth[];
  readonly teacher: TeacherBatch | undefined;
}

export interface TeacherBatch {
  readonly templates: Float32Array;
  readonly searches: Float32Array;
  readonly score: Float32Array;
  readonly box: Float32Array;
}

/** Values of one pair in each array of a batch. */
export function strides(l: BatchLayout) {
  return {
    template: l.templateSize ** 2 * 3,
    search: l.searchSize ** 2 * 3,
    teacherTemplate: l.channels * l.templateCells ** 2,
    teacherSearch: l.channels * l.searchCells ** 2,
    score: l.gridCells ** 2,
    box: 4 * l.gridCells ** 2,
  };
}

/** `count` numbers that threads share: handing it over costs nothing, and no garbage collector counts it. */
export function sharedFloats(count: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(count * Float32Array.BYTES_PER_ELEMENT));
}
