import type { TargetState } from '../../formats/index.js';
import type { JudgedFrame, Recovery, TargetHonesty } from '../honest/index.js';
import { counted } from './words.js';

/** Something that happened to a target, or that its tracker said. */
export interface Happening {
  /** 0-based index of the frame. */
  readonly frame: number;
  /** The frame with which it was over. */
  readonly end: number;
  /** `astray`: drifted off or come back, and found again; `unfound`: the same, and not found; `lost` and `found`: the tracker's words. */
  readonly kind: 'absent' | 'astray' | 'unfound' | 'lost' | 'found';
  readonly words: string;
}

/** A run of frames, `[start, end)`. */
export interface Run<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

/** Runs of equal values. */
export function runsOf<T>(values: readonly T[]): Run<T>[] {
  const runs: Run<T>[] = [];
  for (let start = 0; start < values.length; ) {
    let end = start + 1;
    while (end < values.length && values[end] === values[start]) end++;
    runs.push({ start, end, value: values[start] });
    start = end;
  }
  return runs;
}

/** What happened in a sequence, in order. */
export function happeningsOf(frames: readonly JudgedFrame[], honest: TargetHonesty): Happening[] {
  const visible = runsOf(frames.map(({ truth }) => truth !== null));
  const gone = visible
    .filter(({ value }) => !value)
    .map(({ start, end }): Happening => {
      const words = `target absent for ${counted(end - start, 'frame')}`;
      return { frame: start, end, kind: 'absent', words };
    });
  const astray = (one: Recovery, words: string): Happening => {
    const end = one.frames === null ? visible.find((run) => run.end > one.from)!.end : one.from + one.frames;
    return { frame: one.from, end, kind: one.frames === null ? 'unfound' : 'astray', words };
  };
  const back = honest.returns.map((one) => astray(one, `target visible again: ${outcomeOf(one)}`));
  const drifts = honest.losses.map((one) =>
    astray(
      one,
      `box off the target: ${outcomeOf(one)}${one.noticed === null ? '' : `, noticed after ${one.noticed}`}`,
    ),
  );
  return [...gone, ...back, ...drifts, ...said(frames)].sort((a, b) => a.frame - b.frame);
}

function said(frames: readonly JudgedFrame[]): Happening[] {
  return runsOf<TargetState | null>(frames.map(({ state }) => state)).flatMap((run, k, runs): Happening[] => {
    const [frame, end] = [run.start, run.end];
    if (run.value === 'lost') {
      return [{ frame, end, kind: 'lost', words: `tracker says lost, for ${counted(end - frame, 'frame')}` }];
    }
    if (runs[k - 1]?.value !== 'lost') return [];
    return [{ frame, end: frame, kind: 'found', words: foundWords(frames[frame]) }];
  });
}

function foundWords({ truth, hit }: JudgedFrame): string {
  if (truth === null) return 'tracker says found while the target is absent';
  return hit ? 'tracker says found, on the target' : 'tracker says found, not on the target';
}

function outcomeOf({ outcome, frames }: Recovery): string {
  if (outcome === 'found') return frames === 0 ? 'found at once' : `found after ${counted(frames!, 'frame')}`;
  return outcome === 'left' ? 'gone again before it was found' : 'never found';
}
