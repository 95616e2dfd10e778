import type { Sequence, SequenceTarget } from './sequence.js';

/** Options of {@link fromStarts}. */
export interface StartsOptions {
  /** From how many frames each target is followed, spread evenly over the sequence. Default 1, its first frame. */
  readonly starts?: number;
  /** Frames to follow at most from each. Default: to the end. */
  readonly frames?: number;
}

/** Shorter runs say nothing. */
const FEWEST_FRAMES = 2;

/**
 * The same sequences, followed from several frames each: one unlucky frame decides less (the multi-start idea of VOT 2020,
 * Kristan 2020, 3.1). A start is the first frame from an even spread's on in which the target is visible; the runs of later
 * starts are sequences of their own, named `NAME@FRAME`, the 0-based frame of the truth they start at. Starts that fall on the
 * same frame count once.
 */
export function fromStarts(sequences: readonly Sequence[], options: StartsOptions): Sequence[] {
  const { starts = 1, frames = Number.POSITIVE_INFINITY } = options;
  if (starts === 1 && frames === Number.POSITIVE_INFINITY) return [...sequences];
  return sequences.flatMap((sequence) =>
    sequence.targets.flatMap((target) =>
      startsOf(target, starts).map((start) => startingAt(sequence, target, start, frames)),
    ),
  );
}

function startsOf({ boxes }: SequenceTarget, count: number): number[] {
  const found = new Set<number>();
  for (let k = 0; k < count; k++) {
    const from = Math.floor((k * boxes.length) / count);
    const start = boxes.findIndex((box, frame) => frame >= from && box !== null);
    if (start >= 0 && boxes.length - start >= FEWEST_FRAMES) found.add(start);
  }
  return [...found];
}

function startingAt(sequence: Sequence, target: SequenceTarget, start: number, frames: number): Sequence {
  const name = start === 0 ? target.name : `${target.name}@${start}`;
  const boxes = target.boxes.slice(start, start + frames);
  const skip = sequence.skip + (sequence.backwards ? -start : start);
  return { ...sequence, name, skip, targets: [{ ...target, name, boxes }] };
}
