import type { Box } from '../../../src/common/index.js';
import type { Sequence } from '../../../src/datasets/index.js';
import {
  measureResults,
  type Outcome,
  type ReportTracker,
  ResultFolder,
} from '../../../src/evaluate/index.js';
import type { TargetState } from '../../../src/formats/index.js';

/** What a made-up tracker says of one frame. */
export interface Said {
  readonly box: Box | null;
  readonly score?: number;
  readonly state?: TargetState;
}

/** A target of 40 x 30 that walks to the right, absent from the frames given. */
export function walk(name: string, frames: number, absent: readonly number[] = []): Sequence {
  const boxes = Array.from({ length: frames }, (_, k): Box | null =>
    absent.includes(k) ? null : [20 + 2 * k, 30, 40, 30],
  );
  const targets = [{ name, file: `${name}.txt`, boxes }];
  return { name, layout: 'otb', source: name, pictures: null, skip: 0, targets };
}

/** A tracker measured on sequences, without files: its words come from `say`. */
export async function measured(
  name: string,
  sequences: readonly Sequence[],
  say: (truth: Box | null, frame: number, sequence: string) => Said,
): Promise<ReportTracker> {
  const outcomes: Outcome[] = [];
  class Made extends ResultFolder {
    override async read(target: Sequence['targets'][number]) {
      const all = target.boxes.map((truth, k) => say(truth, k, target.name));
      const has = (part: 'score' | 'state') => all.every((said) => said[part] !== undefined);
      return {
        boxes: all.map(({ box }) => box),
        scores: has('score') ? all.map(({ score }) => score!) : null,
        states: has('state') ? all.map(({ state }) => state!) : null,
        trackerSeconds: 0.5,
        totalSeconds: 1,
      };
    }
  }
  const report = await measureResults(sequences, new Made('made-up'), (_row, outcome) => {
    outcomes.push(outcome);
  });
  return { name, report, outcomes };
}

/** Two sequences and two trackers on them: one with everything to show, one with boxes alone. */
export async function twoTrackers() {
  const sequences = [walk('Plain', 40), walk('Gone & <back>', 60, [20, 21, 22, 23, 24, 25, 26, 27])];
  const full = await measured('full "one"', sequences, (truth, k, sequence) => {
    if (sequence === 'Plain') {
      // Off the target in frames 10 to 15, and says so from 12 on.
      const off = k >= 10 && k <= 15;
      const box: Box = off ? [300, 200, 40, 30] : [truth![0] + 3, 30, 40, 30];
      return { box, score: off ? 0.3 : 0.8 + (k % 5) / 50, state: k >= 12 && k <= 15 ? 'lost' : 'tracking' };
    }
    const lost = k >= 22 && k <= 30;
    const score = lost ? 0.05 : k > 50 ? 0.45 : 0.9;
    const box: Box = [20 + 2 * (lost ? 21 : k), 30, 40, 30];
    return { box, score, state: lost ? 'lost' : k > 50 ? 'uncertain' : 'tracking' };
  });
  const boxes = await measured('boxes <only>', sequences, (truth, k) => ({
    box: truth ?? [20 + 2 * k, 30, 40, 30],
  }));
  return { sequences, full, boxes };
}
