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
  /** Of beliefs in each target's frames by a calibration fitted without that target. */
  readonly heldOut: BeliefQuality;
}

/**
 * Follows every target of some sequences and fits the calibration that makes the belief in each frame the probability
 * of a hit. Every target counts the same. While it learns, the tracker never takes its target for lost: what a belief
 * is worth is to be seen in bad frames too.
 *
 * @param sequences at least two targets; none that the model is judged by
 */
export async function calibrate(
  model: Model,
  sequences: readonly Sequence[],
  onTarget?: (target: SequenceTarget) => void,
): Promise<CalibrationReport> {
  const targets: CalibrationSample[][] = [];
  for (const sequence of sequences)
    for (const target of sequence.targets) {
      targets.push(await samplesOf(model, sequence, target));
      onTarget?.(target);
    }
  const used = targets.filter((samples) => samples.length > 0);
  if (used.length < 2) throw new InvalidArgumentError('sequences', 'at least two targets', used.length);
  const all = used.flat();
  const beliefs = used.flatMap((own) => {
    const without = fitCalibration(used.filter((other) => other !== own).flat());
    return own.map(({ evidence }) => believe(without, evidence));
  });
  const hits = all.map(({ hit }) => hit);
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

async function samplesOf(
  model: Model,
  sequence: Sequence,
  { boxes }: SequenceTarget,
): Promise<CalibrationSample[]> {
  const seen: Evidence[] = [];
  const tracker = new Tracker(model, {
    states: { tracking: 0, lost: 0 },
    onEvidence: (evidence) => seen.push(evidence),
  });
  const result = await runOnePass(framesOf(sequence), boxes[0]!, tracker, { frames: boxes.length });
  const weight = 1 / Math.max(1, seen.length);
  return seen.map((evidence, k) => {
    const truth = boxes[k + 1];
    return { evidence, hit: truth !== null && iou(result.boxes[k + 1], truth) > HIT_OVERLAP, weight };
  });
}
