import { mean } from '../overlap.js';
import { type Scored, ties } from './auroc.js';

/** The frames whose scores fall into one bin: a calibrated score has `meanScore` equal to `hitRate` in each. */
export interface ReliabilityBin {
  /** Scores the bin begins and ends at. */
  readonly from: number;
  readonly to: number;
  readonly frames: number;
  readonly meanScore: number;
  /** Share of the frames that are hits. */
  readonly hitRate: number;
}

/** Bins of the calibration error, as in Guo et al. */
export const CALIBRATION_BINS = 15;

/**
 * Bins of equal width over 0..1, those without frames left out; a score on a border belongs to the upper bin, 1 to the last (Guo et al.,
 * "On Calibration of Modern Neural Networks", ICML 2017). `null` where a score lies outside 0..1 and so is no probability.
 */
export function equalWidthBins(
  scored: readonly Scored[],
  count: number = CALIBRATION_BINS,
): ReliabilityBin[] | null {
  if (scored.some(({ score }) => !(score >= 0 && score <= 1))) return null;
  const bins: Scored[][] = Array.from({ length: count }, () => []);
  for (const one of scored) bins[Math.min(count - 1, Math.floor(one.score * count))].push(one);
  return bins.flatMap((bin, k) =>
    bin.length === 0 ? [] : [summarise(bin, k / count, (k + 1) / count, (one) => Number(one.hit))],
  );
}

/**
 * Bins of equally many frames (Nixon et al., "Measuring Calibration in Deep Learning", CVPR workshops 2019). Frames of equal scores count
 * with the hit rate of them all, so that their order does not matter. `null` as in {@link equalWidthBins}.
 */
export function equalMassBins(
  scored: readonly Scored[],
  count: number = CALIBRATION_BINS,
): ReliabilityBin[] | null {
  if (scored.some(({ score }) => !(score >= 0 && score <= 1))) return null;
  const sorted = [...scored].sort((a, b) => a.score - b.score);
  const rated: { score: number; rate: number }[] = [];
  for (const [start, end] of ties(sorted)) {
    const tied = sorted.slice(start, end);
    const rate = mean(tied.map(({ hit }) => Number(hit)));
    for (const { score } of tied) rated.push({ score, rate });
  }
  return Array.from({ length: count }, (_, k) =>
    rated.slice(Math.round((k * rated.length) / count), Math.round(((k + 1) * rated.length) / count)),
  ).flatMap((bin) =>
    bin.length === 0 ? [] : [summarise(bin, bin[0].score, bin[bin.length - 1].score, ({ rate }) => rate)],
  );
}

/** Expected calibration error: mean over all frames of the distance between their bin's score and its hit rate. `NaN` of nothing. */
export function calibrationError(bins: readonly ReliabilityBin[] | null): number {
  if (bins === null || bins.length === 0) return Number.NaN;
  const frames = bins.reduce((sum, bin) => sum + bin.frames, 0);
  const distance = bins.reduce((sum, bin) => sum + bin.frames * Math.abs(bin.meanScore - bin.hitRate), 0);
  return distance / frames;
}

function summarise<T extends { readonly score: number }>(
  bin: readonly T[],
  from: number,
  to: number,
  rate: (one: T) => number,
): ReliabilityBin {
  const meanScore = mean(bin.map(({ score }) => score));
  return { from, to, frames: bin.length, meanScore, hitRate: mean(bin.map(rate)) };
}
