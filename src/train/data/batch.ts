import type { PairTruth } from './pairs.js';

/** Sizes of everything in one batch of pairs. */
export interface BatchLayout {
  readonly pairs: number;
  readonly templateSize: number;
  readonly searchSize: number;
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

/** The memory of a batch, to hand over between threads. */
export function buffersOf(batch: Batch): ArrayBuffer[] {
  const arrays = [
    batch.templates,
    batch.searches,
    ...(batch.teacher ? Object.values(batch.teacher) : []),
  ] as Float32Array[];
  return arrays.map((a) => a.buffer as ArrayBuffer);
}
