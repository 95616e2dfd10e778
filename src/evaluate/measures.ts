import { type Box, InvalidArgumentError } from '../common/index.js';
import { type Boxes, curvesOf, overlapsOf, PRECISION_THRESHOLDS } from './curves.js';
import { mean, share } from './overlap.js';

/**
 * Measures of one target's result against its truth. Box lists hold one entry a frame; frames whose truth is `null` (target
 * absent) are left out; a result of `null` misses the target. A result must be as long as its truth.
 */
export interface Measures {
  /**
   * Area under the success plot, 0..1: mean over the 21 thresholds 0, 0.05, ..., 1 of the share of frames whose overlap is
   * greater (Wu, Lim & Yang, "Online Object Tracking: A Benchmark", CVPR 2013; the first, given frame counts). No overlap is greater
   * than 1, so a perfect result would stop at 20/21: a result that equals the truth in every frame scores 1 by definition, any other
   * exactly what the benchmark's formula gives.
   */
  readonly auc: number;
  /** Share of frames with at most 20 px between the boxes' centres (same source; the first frame counts). */
  readonly precision: number;
  /**
   * Area under the normalised precision plot, 0..1: the offset of the centres is divided by the truth's width and height; mean over the 51
   * thresholds 0, 0.01, ..., 0.5 of the share of frames at or below (Müller et al., "TrackingNet", ECCV 2018; the first frame counts).
   */
  readonly normalisedPrecision: number;
  /**
   * Average overlap over all frames but the first (Huang, Zhao & Huang, "GOT-10k", TPAMI 2021). Boxes are not clipped to the picture, which
   * GOT-10k's own toolkit does.
   */
  readonly ao: number;
  /** Share of frames but the first with an overlap greater than 0.5 (GOT-10k). */
  readonly sr50: number;
  /** Share of frames but the first with an overlap greater than 0.75 (GOT-10k). */
  readonly sr75: number;
}

/** The names of {@link Measures}, in the order reports show them. */
export const MEASURES = ['auc', 'precision', 'normalisedPrecision', 'ao', 'sr50', 'sr75'] as const;

const EXACT_PX = 1e-3;
const PRECISION_PX = 20;

/** All of {@link Measures}. With a truth of one visible frame, `ao`, `sr50` and `sr75` are `NaN`: nothing was tracked. */
export function measure(boxes: Boxes, truth: Boxes): Measures {
  if (boxes.length !== truth.length) {
    throw new InvalidArgumentError('result', `${truth.length} boxes, as many as the truth has`, boxes.length);
  }
  const result = boxes.map((box, k) => snap(box, truth[k]));
  const exact = truth.every((box, k) => box === null || box === result[k]);
  const { success, precision, normalisedPrecision } = curvesOf(result, truth);
  const followed = overlapsOf(result.slice(1), truth.slice(1));
  return {
    auc: exact ? 1 : mean(success),
    precision: precision[PRECISION_THRESHOLDS.indexOf(PRECISION_PX)],
    normalisedPrecision: mean(normalisedPrecision),
    ao: mean(followed),
    sr50: share(followed, (o) => o > 0.5),
    sr75: share(followed, (o) => o > 0.75),
  };
}

/** Mean of each measure over targets (each counts the same, however long it is), leaving `NaN`s out. */
export function meanMeasures(rows: readonly Measures[]): Measures {
  const of = (name: keyof Measures) =>
    mean(rows.map((row) => row[name]).filter((value) => !Number.isNaN(value)));
  return {
    auc: of('auc'),
    precision: of('precision'),
    normalisedPrecision: of('normalisedPrecision'),
    ao: of('ao'),
    sr50: of('sr50'),
    sr75: of('sr75'),
  };
}

/** Files of results carry 4 decimals: a box that equals the truth to that is taken for the truth. */
function snap(box: Box | null, truth: Box | null): Box | null {
  const same = box !== null && truth?.every((value, i) => Math.abs(value - box[i]) <= EXACT_PX);
  return same ? truth : box;
}
