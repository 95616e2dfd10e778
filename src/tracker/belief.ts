import type { Calibration } from '../model/index.js';
import type { Pick } from './box-form.js';

/** Odds stay finite: scores nearer to 0 or 1 than this count as this near. */
const EPSILON = 1e-4;

/** Where there is no memory it says neither yes nor no. */
const UNREMEMBERED = 0.5;

export function logit(probability: number): number {
  const p = Math.min(1 - EPSILON, Math.max(EPSILON, probability));
  return Math.log(p / (1 - p));
}

export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** What a frame says of the pick, as a calibration weighs it. */
export interface Evidence {
  readonly score: number;
  readonly fill: number;
  readonly agreement: number;
  readonly rival: number;
  readonly growth: number;
  readonly history: number;
  readonly memory: number;
}

/**
 * @param history mean log-odds of the frames before
 * @param growth absolute log of the box's size against the first one
 */
export function evidenceOf({ score, response }: Pick, history: number, growth: number): Evidence {
  return {
    score: logit(score),
    fill: logit(response?.fill ?? score),
    agreement: response?.agreement ?? 1,
    rival: logit(response?.rival ?? 0),
    growth,
    history,
    memory: response?.remembered ?? UNREMEMBERED,
  };
}

/**
 * Probability that the pick's box overlaps the target by more than half: logistic regression on the evidence (Platt
 * 1999 with more than one input), its weights from the model's manifest.
 */
export function believe(calibration: Calibration, evidence: Evidence): number {
  let sum = calibration.bias;
  for (const name of Object.keys(evidence) as (keyof Evidence)[]) sum += calibration[name] * evidence[name];
  return logistic(sum);
}
