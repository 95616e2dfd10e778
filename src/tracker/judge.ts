import type { Model } from '../model/index.js';
import { believe, type Evidence, evidenceOf, firstPast, logit, type Past, pastAfter } from './belief.js';
import type { Pick } from './box-form.js';
import type { Target } from './target.js';

/** A belief, and the past that the next one is told by. */
export interface Judgement {
  readonly belief: number;
  readonly past: Past;
}

export interface JudgeOptions {
  /** Believes the network's score as it is. */
  readonly plain?: boolean;
  /** Told what every pick was believed by. */
  readonly onEvidence?: (evidence: Evidence) => void;
}

/** What picks are believed: probabilities by the model's calibration. */
export class Judge {
  readonly #model: Model;
  readonly #options: JudgeOptions;

  constructor(model: Model, options: JudgeOptions = {}) {
    this.#model = model;
    this.#options = options;
  }

  /** The belief in a pick that goes on from a past. */
  next(pick: Pick, target: Target, before: Past, elapsed: number): Judgement {
    const past = pastAfter(before, pick, elapsed);
    return { belief: this.#believe(pick, target, before, past), past };
  }

  /** The belief in something that was never seen before. */
  first(pick: Pick, target: Target): Judgement {
    const past = firstPast(pick);
    return { belief: this.#believe(pick, target, past, past), past: withHistory(past, pick) };
  }

  #believe(pick: Pick, target: Target, before: Past, after: Past): number {
    const evidence = evidenceOf(pick, before, after, target.first);
    const { onEvidence, plain } = this.#options;
    onEvidence?.(evidence);
    return plain ? pick.score : believe(this.#model.manifest.tracker.calibration, evidence);
  }
}

/** What is seen anew has no history but its own score. */
export function withHistory(past: Past, pick: Pick): Past {
  return { ...past, history: logit(pick.score) };
}
