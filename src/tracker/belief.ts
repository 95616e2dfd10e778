import type { Calibration } from '../model/index.js';
import type { Pick } from './box-form.js';
import type { Size } from './target.js';

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
  readonly aspect: number;
  readonly history: number;
  readonly steadiness: number;
  readonly memory: number;
}

/** What the frames so far said of a target. */
export interface Past {
  /** Mean log-odds of the scores. */
  readonly history: number;
  /** Mean agreement of the last second or so. */
  readonly steadiness: number;
}

/** Share of a frame in the mean of log-odds. */
const HISTORY = 0.2;
/** Time constant of the mean agreement, seconds. */
const STEADY = 1;

/** Of a target that was just pointed at: as if it had been surely seen. */
export const POINTED_AT: Past = { history: logit(0.7), steadiness: 0.8 };

/** Of something that is seen for the first time: neither good nor bad. */
export function firstPast(pick: Pick): Past {
  return { history: 0, steadiness: agreementOf(pick) };
}

/** @param seconds since the frame before */
export function pastAfter({ history, steadiness }: Past, pick: Pick, seconds: number): Past {
  const share = 1 - Math.exp(-Math.max(0, seconds) / STEADY);
  return {
    history: history + (logit(pick.score) - history) * HISTORY,
    steadiness: steadiness + (agreementOf(pick) - steadiness) * share,
  };
}

function agreementOf({ response }: Pick): number {
  return response?.agreement ?? 1;
}

/**
 * @param before what the frames before said
 * @param after the same with this one
 * @param first the target's size when it was pointed at
 */
export function evidenceOf(pick: Pick, before: Past, after: Past, first: Size): Evidence {
  const { score, response, place } = pick;
  const raw = response?.raw ?? place;
  const [w, h] = [Math.log(raw.w / first.w), Math.log(raw.h / first.h)];
  return {
    score: logit(score),
    fill: logit(response?.fill ?? score),
    agreement: agreementOf(pick),
    rival: logit(response?.rival ?? 0),
    growth: Math.abs(w + h) / 2,
    aspect: Math.abs(w - h) / 2,
    history: before.history,
    steadiness: after.steadiness,
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
