import { crossCorrelate, type Embedding } from '../model/index.js';
import type { PairTruth } from './data/pairs.js';
import { type Grid, makeLabels, responseGrid } from './labels.js';

/** From a plain response to a score: logistic(response * gain + bias). */
export interface ResponseScore {
  readonly gain: number;
  readonly bias: number;
}

/** Newton's steps; a logistic regression of two weights needs fewer. */
const STEPS = 30;
const LONGEST_STEP = 2;
/** Keeps the regression finite where a response tells all positive cells from all negative ones. */
const RIDGE = 1e-3;

/**
 * The gain and bias by which a response says best which of its cells are on the target: a logistic regression over pairs of
 * embeddings whose truth is known, positive and negative cells weighing one half each. Losses on pooled embeddings leave the scale of
 * the response open, and a tracker must know what to believe of it.
 *
 * @param search the search grid
 */
export function fitResponseScore(
  pairs: readonly { readonly template: Embedding; readonly search: Embedding; readonly truth: PairTruth }[],
  search: Grid,
): ResponseScore {
  const values: number[] = [];
  const labels: number[] = [];
  for (const { template, search: embedding, truth } of pairs) {
    const map = crossCorrelate(template, embedding);
    const grid = responseGrid(search, template.side);
    const { score, scoreWeight } = makeLabels({ truths: [truth], teacher: undefined }, grid);
    for (const [i, value] of map.entries()) {
      if (scoreWeight[i] === 0) continue;
      values.push(value);
      labels.push(score[i]);
    }
  }
  return logisticRegression(values, labels);
}

/** Balanced logistic regression of labels 0 and 1 on one value. */
export function logisticRegression(values: readonly number[], labels: readonly number[]): ResponseScore {
  const count = values.length;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (positives === 0 || positives === count) return { gain: 1, bias: 0 };
  const mean = values.reduce((sum, v) => sum + v, 0) / count;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / count) || 1;
  let [gain, bias] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    let [gradientGain, gradientBias] = [RIDGE * gain, 0];
    let [gg, gb, bb] = [RIDGE, 0, 1e-9];
    for (let i = 0; i < count; i++) {
      const x = (values[i] - mean) / deviation;
      const weight = labels[i] === 1 ? 0.5 / positives : 0.5 / (count - positives);
      const p = 1 / (1 + Math.exp(-(gain * x + bias)));
      gradientGain += weight * (p - labels[i]) * x;
      gradientBias += weight * (p - labels[i]);
      const curve = weight * p * (1 - p);
      gg += curve * x * x;
      gb += curve * x;
      bb += curve;
    }
    const determinant = gg * bb - gb * gb;
    const steps = [
      (bb * gradientGain - gb * gradientBias) / determinant,
      (gg * gradientBias - gb * gradientGain) / determinant,
    ];
    // Where the curve is flat Newton's steps are too long.
    const shorter = Math.min(1, LONGEST_STEP / Math.max(...steps.map(Math.abs)));
    gain -= steps[0] * shorter;
    bias -= steps[1] * shorter;
  }
  return { gain: gain / deviation, bias: bias - (gain * mean) / deviation };
}
