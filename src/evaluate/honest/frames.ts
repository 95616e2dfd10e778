import type { Box } from '../../common/index.js';
import type { TargetState } from '../../formats/index.js';
import type { Boxes } from '../curves.js';
import { overlap } from '../overlap.js';

/** A box that overlaps the truth by more than this is on the target: what a score is the probability of. */
export const HIT_OVERLAP = 0.5;

/** What a tracker said of one target and what was true, one entry a frame; frame 0 is the given one. */
export interface Outcome {
  /** `null` where the target is absent. */
  readonly truth: Boxes;
  /** `null` where the tracker gave none; its last known one while it says `lost`. */
  readonly boxes: Boxes;
  /** `null` where they are not known. */
  readonly scores: readonly number[] | null;
  /** `null` where they are not known. */
  readonly states: readonly TargetState[] | null;
}

/** One frame held against its truth. */
export interface JudgedFrame {
  /** 0-based index in the sequence. */
  readonly index: number;
  readonly truth: Box | null;
  readonly box: Box | null;
  /** Intersection over union, 0 where either box is missing. */
  readonly overlap: number;
  /** Whether the overlap is greater than {@link HIT_OVERLAP}. */
  readonly hit: boolean;
  readonly score: number | null;
  readonly state: TargetState | null;
  /** Whether the tracker says that the target is there: it gives a box, and its state, where it has one, is not `lost`. */
  readonly reported: boolean;
}

/** Every frame of an outcome. Lists are equally long. */
export function judge({ truth, boxes, scores, states }: Outcome): JudgedFrame[] {
  return truth.map((true_, index) => {
    const box = boxes[index];
    const both = box !== null && true_ !== null;
    const over = both ? overlap(box, true_) : 0;
    const state = states ? states[index] : null;
    return {
      index,
      truth: true_,
      box,
      overlap: over,
      hit: over > HIT_OVERLAP,
      score: scores ? scores[index] : null,
      state,
      reported: box !== null && state !== 'lost',
    };
  });
}

/** The frames a tracker answered for: all but the given one. */
export function followed(frames: readonly JudgedFrame[]): readonly JudgedFrame[] {
  return frames.slice(1);
}

/** Whether the tracker can say that a target is absent: it has states, or left out a box somewhere. */
export function saysAbsent(frames: readonly JudgedFrame[]): boolean {
  return frames.some(({ state, box }) => state !== null || box === null);
}
