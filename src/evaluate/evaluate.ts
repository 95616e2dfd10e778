import type { Sequence, SequenceTarget } from '../datasets/index.js';
import { framesOf } from './frames.js';
import {
  type JudgedFrame,
  judge,
  type Outcome,
  type PooledHonesty,
  pooledHonesty,
  type TargetHonesty,
  targetHonesty,
} from './honest/index.js';
import { type Measures, meanMeasures, measure } from './measures.js';
import { type OnePassTracker, runOnePass } from './one-pass.js';
import { digest, type ResultFolder, ResultsError, type StoredResult } from './results.js';

/** One target's line of a report. */
export interface EvaluationRow extends Measures {
  readonly sequence: string;
  /** Frames followed, the given one included. */
  readonly frames: number;
  /** Frames in which the target is visible: those that were measured. */
  readonly visible: number;
  /** Whether its score can be believed, and what happens when the target is lost. */
  readonly honest: TargetHonesty;
  /** Updates per second of the tracker alone; `null` for results of another program. */
  readonly trackerFps: number | null;
  /** Frames per second with opening and decoding, one after the other; `null` likewise. */
  readonly endToEndFps: number | null;
  /** Whether the result was found finished and not computed now. */
  readonly reused: boolean;
}

/** All targets of a data set. */
export interface EvaluationReport {
  readonly sequences: readonly EvaluationRow[];
  /** Measures: mean over the rows. Speeds: all frames by all time. */
  readonly mean: Measures & Pick<EvaluationRow, 'trackerFps' | 'endToEndFps'>;
  /** Over all frames of all targets. */
  readonly honest: PooledHonesty;
}

/** Called as soon as a target is measured, with what it was measured from. */
export type OnRow = (row: EvaluationRow, outcome: Outcome) => void;

export interface EvaluateOptions {
  /** Makes a fresh tracker for each target. */
  readonly tracker: (target: SequenceTarget) => OnePassTracker;
  /** What makes results comparable: equal for the same model and options. Needed with `results`. */
  readonly key?: string;
  /** Where results go, and where finished ones are taken from. */
  readonly results?: ResultFolder;
  /** Compute finished results anew. Default `false`. */
  readonly force?: boolean;
  /** Called as soon as a target is measured, with what it was measured from. */
  readonly onRow?: OnRow;
  /** Called after every frame. */
  readonly onFrame?: (target: SequenceTarget, done: number) => void;
}

/**
 * One-pass evaluation of a tracker over sequences, one target at a time.
 *
 * @throws {ResultsError} where a video is shorter than one frame, and what the source or the tracker throw
 */
export async function evaluate(
  sequences: readonly Sequence[],
  options: EvaluateOptions,
): Promise<EvaluationReport> {
  const rows: TimedRow[] = [];
  for (const { sequence, target } of targetsOf(sequences)) {
    const key = digest([options.key, target.name, target.boxes[0], framesToFollow(sequence, target)]);
    const finished = options.force ? null : await options.results?.load(target, key);
    const stored = finished ?? (await follow(sequence, target, key, options));
    rows.push(toRow(target, stored, Boolean(finished), options.onRow));
  }
  return toReport(rows);
}

/**
 * Measures results that lie in a folder, whichever program made them.
 *
 * @throws {DatasetError} where a file is missing or broken, {@link ResultsError} where it has too few or too many lines
 */
export async function measureResults(
  sequences: readonly Sequence[],
  results: ResultFolder,
  onRow?: OnRow,
): Promise<EvaluationReport> {
  const rows: TimedRow[] = [];
  for (const { sequence, target } of targetsOf(sequences)) {
    const stored = await results.read(target);
    const frames = framesToFollow(sequence, target);
    const got = stored.boxes.length;
    if (got !== frames && got !== target.boxes.length) {
      throw new ResultsError(`${target.name}: expected ${frames} boxes, one a frame, got ${got}`);
    }
    rows.push(toRow(target, firstFrames(stored, frames), false, onRow));
  }
  return toReport(rows);
}

interface TimedRow {
  readonly row: EvaluationRow;
  readonly stored: StoredResult;
  readonly judged: readonly JudgedFrame[];
}

function targetsOf(sequences: readonly Sequence[]) {
  return sequences.flatMap((sequence) => sequence.targets.map((target) => ({ sequence, target })));
}

/** As many frames as have both a box and, where that is known beforehand, a picture. */
function framesToFollow({ pictures, skip }: Sequence, { boxes }: SequenceTarget): number {
  return Math.min(boxes.length, pictures ? pictures.length - skip : Number.POSITIVE_INFINITY);
}

async function follow(
  sequence: Sequence,
  target: SequenceTarget,
  key: string,
  { tracker, results, onFrame }: EvaluateOptions,
): Promise<StoredResult> {
  const frames = framesToFollow(sequence, target);
  const result = await runOnePass(framesOf(sequence), target.boxes[0]!, tracker(target), {
    frames,
    onFrame: onFrame && ((done) => onFrame(target, done)),
  });
  return results ? results.save(target, key, result) : result;
}

function firstFrames(stored: StoredResult, frames: number): StoredResult {
  const { boxes, scores, states } = stored;
  return {
    ...stored,
    boxes: boxes.slice(0, frames),
    scores: scores?.slice(0, frames) ?? null,
    states: states?.slice(0, frames) ?? null,
  };
}

function toRow(target: SequenceTarget, stored: StoredResult, reused: boolean, onRow?: OnRow): TimedRow {
  const { boxes, scores, states, trackerSeconds, totalSeconds } = stored;
  const truth = target.boxes.slice(0, boxes.length);
  const outcome: Outcome = { truth, boxes, scores, states };
  const judged = judge(outcome);
  const row: EvaluationRow = {
    sequence: target.name,
    frames: boxes.length,
    visible: truth.filter((box) => box !== null).length,
    ...measure(boxes, truth),
    trackerFps: rate(boxes.length - 1, trackerSeconds),
    endToEndFps: rate(boxes.length, totalSeconds),
    reused,
    honest: targetHonesty(judged),
  };
  onRow?.(row, outcome);
  return { row, stored, judged };
}

function toReport(rows: readonly TimedRow[]): EvaluationReport {
  const sum = (of: (row: TimedRow) => number | null) =>
    rows.reduce<number | null>((total, row) => {
      const value = of(row);
      return total === null || value === null ? null : total + value;
    }, 0);
  const frames = sum(({ row }) => row.frames)!;
  return {
    sequences: rows.map(({ row }) => row),
    mean: {
      ...meanMeasures(rows.map(({ row }) => row)),
      trackerFps: rate(
        frames - rows.length,
        sum(({ stored }) => stored.trackerSeconds),
      ),
      endToEndFps: rate(
        frames,
        sum(({ stored }) => stored.totalSeconds),
      ),
    },
    honest: pooledHonesty(rows.map(({ judged }) => judged)),
  };
}

function rate(count: number, seconds: number | null): number | null {
  return seconds === null || seconds <= 0 ? null : count / seconds;
}
