import { type Box, InvalidArgumentError } from '../common/index.js';

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

type Truth = readonly (Box | null)[];
type Result = readonly (Box | null)[];

const SUCCESS_THRESHOLDS = Array.from({ length: 21 }, (_, k) => k * 0.05);
const NORMALISED_THRESHOLDS = Array.from({ length: 51 }, (_, k) => k * 0.01);
const EXACT_PX = 1e-3;

/** All of {@link Measures}. With a truth of one visible frame, `ao`, `sr50` and `sr75` are `NaN`: nothing was tracked. */
export function measure(boxes: Result, truth: Truth): Measures {
  if (boxes.length !== truth.length) {
    throw new InvalidArgumentError('result', `${truth.length} boxes, as many as the truth has`, boxes.length);
  }
  const result = boxes.map((box, k) => snap(box, truth[k]));
  const exact = truth.every((box, k) => box === null || box === result[k]);
  const overlaps = overlapsOf(result, truth);
  const followed = overlapsOf(result.slice(1), truth.slice(1));
  return {
    auc: exact ? 1 : mean(SUCCESS_THRESHOLDS.map((t) => share(overlaps, (o) => o > t))),
    precision: share(centreErrors(result, truth), (far) => far <= 20),
    normalisedPrecision: normalisedPrecision(result, truth),
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

function overlapsOf(result: Result, truth: Truth): number[] {
  return visible(result, truth, 0, overlap);
}

function centreErrors(result: Result, truth: Truth): number[] {
  return visible(result, truth, Number.POSITIVE_INFINITY, (a, b) => Math.hypot(...centreOffset(a, b)));
}

function normalisedPrecision(result: Result, truth: Truth): number {
  const far = visible(result, truth, Number.POSITIVE_INFINITY, (a, b) => {
    const [dx, dy] = centreOffset(a, b);
    return Math.hypot(dx / b[2], dy / b[3]);
  });
  return mean(NORMALISED_THRESHOLDS.map((t) => share(far, (d) => d <= t)));
}

/** `of(result, truth)` in each frame in which the target is visible, `missed` where the result has no box there. */
function visible(result: Result, truth: Truth, missed: number, of: (a: Box, b: Box) => number): number[] {
  return truth.flatMap((b, k) => {
    if (b === null) return [];
    const a = result[k];
    return [a === null ? missed : of(a, b)];
  });
}

/** Intersection over union as the OTB toolkits compute it: the same small number keeps the division defined, so results agree to the bit. */
function overlap(a: Box, b: Box): number {
  const w = Math.max(0, Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]));
  const h = Math.max(0, Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]));
  const inter = w * h;
  return inter / (a[2] * a[3] + b[2] * b[3] - inter + 1e-9);
}

function centreOffset(a: Box, b: Box): [number, number] {
  return [a[0] - b[0] + (a[2] - b[2]) / 2, a[1] - b[1] + (a[3] - b[3]) / 2];
}

/** Files of results carry 4 decimals: a box that equals the truth to that is taken for the truth. */
function snap(box: Box | null, truth: Box | null): Box | null {
  const same = box !== null && truth?.every((value, i) => Math.abs(value - box[i]) <= EXACT_PX);
  return same ? truth : box;
}

function share(values: readonly number[], accept: (value: number) => boolean): number {
  return values.length === 0 ? Number.NaN : values.filter(accept).length / values.length;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}
