/** A score and whether what it stands for was so. */
export interface Scored {
  readonly score: number;
  readonly hit: boolean;
}

/** One corner of a receiver operating characteristic: shares of the misses and of the hits that score at least `score`. */
export interface RocPoint {
  readonly score: number;
  readonly falsePositives: number;
  readonly truePositives: number;
}

/**
 * Area under the receiver operating characteristic: the probability that a hit scores higher than a miss, ties counting half
 * (Mann-Whitney U divided by the number of pairs; Hanley & McNeil, Radiology 1982). `NaN` without hits or without misses.
 */
export function auroc(scored: readonly Scored[]): number {
  const sorted = [...scored].sort((a, b) => a.score - b.score);
  let hits = 0;
  let rankSum = 0;
  for (const [start, end] of ties(sorted)) {
    const tied = sorted.slice(start, end).filter(({ hit }) => hit).length;
    // Ranks count from 1; equal scores share the mean of theirs.
    rankSum += (tied * (start + 1 + end)) / 2;
    hits += tied;
  }
  const misses = sorted.length - hits;
  if (hits === 0 || misses === 0) return Number.NaN;
  return (rankSum - (hits * (hits + 1)) / 2) / (hits * misses);
}

/** The curve itself, from the highest score down, beginning at 0, 0; empty where {@link auroc} is `NaN`. */
export function rocCurve(scored: readonly Scored[]): RocPoint[] {
  const sorted = [...scored].sort((a, b) => b.score - a.score);
  const hits = sorted.filter(({ hit }) => hit).length;
  const misses = sorted.length - hits;
  if (hits === 0 || misses === 0) return [];
  const points: RocPoint[] = [{ score: Number.POSITIVE_INFINITY, falsePositives: 0, truePositives: 0 }];
  let found = 0;
  for (const [start, end] of ties(sorted)) {
    found += sorted.slice(start, end).filter(({ hit }) => hit).length;
    points.push({
      score: sorted[start].score,
      falsePositives: (end - found) / misses,
      truePositives: found / hits,
    });
  }
  return points;
}

/** Runs of equal scores in a sorted list, as `[start, end)`. */
export function* ties(sorted: readonly Scored[]): Generator<[start: number, end: number]> {
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end].score === sorted[start].score) end++;
    yield [start, end];
    start = end;
  }
}
