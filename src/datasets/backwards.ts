import type { Sequence } from './sequence.js';

/**
 * The same sequences, each target followed from the last frame in which it is visible down to the first: what was seen to come is seen
 * to go, so that one recording shows twice as much (VOT 2020 runs both ways, too: Kristan 2020, 3.1). Named `NAME~`.
 */
export function backwards(sequences: readonly Sequence[]): Sequence[] {
  return sequences.flatMap((sequence) =>
    sequence.targets.map((target) => {
      const name = `${target.name}~`;
      const last = target.boxes.findLastIndex((box) => box !== null);
      const boxes = target.boxes.slice(0, last + 1).reverse();
      const skip = sequence.skip + last;
      return { ...sequence, name, skip, backwards: true as const, targets: [{ ...target, name, boxes }] };
    }),
  );
}
