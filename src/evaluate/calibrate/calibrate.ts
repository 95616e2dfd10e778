import { InvalidArgumentError, iou } from '../../common/index.js';
import type { Sequence, SequenceTarget } from '../../datasets/index.js';
import type { Calibration, Model } from '../../model/index.js';
import { believe, type Evidence, Tracker } from '../../tracker/index.js';
import { framesOf } from '../frames.js';
import { auroc, calibrationError, equalWidthBins, HIT_OVERLAP } from '../honest/index.js';
import { runOnePass } from '../one-pass.js';
import { type CalibrationSample, fitCalibration } from './fit.js';

/** How well beliefs tell hits from misses. */
export interface BeliefQuality {
  /** Area under the ROC curve; `NaN` where all frames are hits or all misses. */
  readonly auroc: number;
  /** Expected calibration error over 15 bins of equal width. */
  readonly ece: number;
}

export interface CalibrationReport {
  readonly calibration: Calibration;
  readonly frames: number;
  /** Share of frames that are hits. */
  readonly hits: number;
  /** Of the model's raw score. */
  readonly score: BeliefQuality;
  /** Of beliefs in each source's frames by a calibration fitted without that source. */
  readonly heldOut: BeliefQuality;
}

/**
 * Follows every target of some sequences and fits the calibration that makes the belief in each frame the probability
 * of a hit. Every target counts the same, however often and however long it is followed. While it learns, the tracker never
 * takes its target for lost: what a belief is worth is to be seen in bad frames too.
 *
 * @param sequences of at least two sources, none that the model is judged by; several may follow one target
 * @throws InvalidArgumentError for fewer, before anything is followed, and where no frame is a miss or none a hit: nothing tells them apart then
 */
export async function calibrate(
  model: Model,
  sequences: readonly Sequence[],
  onTarget?: (target: SequenceTarget) => void,
): Promise<CalibrationReport> {
  atLeastTwo(new Set(sequences.map(({ source }) => source)));
  const runs: Run[] = [];
  for (const sequence of sequences)
    for (const target of sequence.targets) {
      const seen = await follow(model, sequence, target);
      runs.push({ source: sequence.source, target: target.file, seen });
      onTarget?.(target);
    }
  const all = samplesOf(runs);
  const sources = new Set(all.map(({ source }) => source));
  atLeastTwo(sources);
  const hits = all.map(({ hit }) => hit);
  if (new Set(hits).size < 2)
    throw new InvalidArgumentError(
      'sequences',
      'frames that are hits and frames that are misses',
      hits[0] ? 'hits alone' : 'misses alone',
    );
  const without = new Map(
    [...sources].map((left) => [left, fitCalibration(all.filter(({ source }) => source !== left))]),
  );
  const beliefs = all.map(({ evidence, source }) => believe(without.get(source)!, evidence));
  return {
    calibration: fitCalibration(all),
    frames: all.length,
    hits: hits.filter(Boolean).length / hits.length,
    score: quality(
      all.map(({ evidence }) => 1 / (1 + Math.exp(-evidence.score))),
      hits,
    ),
    heldOut: quality(beliefs, hits),
  };
}

function quality(beliefs: readonly number[], hits: readonly boolean[]): BeliefQuality {
  const scored = beliefs.map((score, k) => ({ score, hit: hits[k] }));
  return { auroc: auroc(scored), ece: calibrationError(equalWidthBins(scored)) };
}

function atLeastTwo(sources: ReadonlySet<string>): void {
  if (sources.size < 2)
    throw new InvalidArgumentError('sequences', 'at least two sources with frames to follow', sources.size);
}

/** One way through the frames of a target. */
interface Run {
  /** What was opened. */
  readonly source: string;
  /** The annotation file that names the target. */
  readonly target: string;
  readonly seen: readonly Omit<CalibrationSample, 'weight'>[];
}

type Sample = CalibrationSample & Pick<Run, 'source'>;

/** The frames of all runs, those of a target weighing 1 together. */
function samplesOf(runs: readonly Run[]): Sample[] {
  const frames = new Map<string, number>();
  for (const { target, seen } of runs) frames.set(target, (frames.get(target) ?? 0) + seen.length);
  return runs.flatMap(({ source, target, seen }) => {
    const weight = 1 / (frames.get(target) ?? 1);
    return seen.map((frame) => ({ ...frame, weight, source }));
  });
}

async function follow(model: Model, sequence: Sequence, { boxes }: SequenceTarget): Promise<Run['seen']> {
  const seen: Evidence[] = [];
  const tracker = new Tracker(model, {
    states: { tracking: 0, lost: 0 },
    onEvidence: (evidence) => seen.push(evidence),
  });
  const result = await runOnePass(framesOf(sequence), boxes[0]!, tracker, { frames: boxes.length });
  return seen.map((evidence, k) => {
    const truth = boxes[k + 1];
    return { evidence, hit: truth !== null && iou(result.boxes[k + 1], truth) > HIT_OVERLAP };
  });
}
