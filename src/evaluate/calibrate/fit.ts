import type { Calibration } from '../../model/index.js';
import type { Evidence } from '../../tracker/index.js';

/** One frame to learn from. */
export interface CalibrationSample {
  readonly evidence: Evidence;
  /** Whether the box overlaps the target by more than half; no box does where the target is absent. */
  readonly hit: boolean;
  /** How much it counts. */
  readonly weight: number;
}

const NAMES = [
  'score',
  'fill',
  'agreement',
  'rival',
  'growth',
  'aspect',
  'history',
  'steadiness',
  'memory',
] as const;
type Name = (typeof NAMES)[number];
/** Belief must rise with these. */
const RISING: readonly Name[] = ['score', 'fill', 'agreement', 'history', 'steadiness', 'memory'];
/** With these it must fall: otherwise a box that grows over the picture would be believed for growing. */
const FALLING: readonly Name[] = ['rival', 'growth', 'aspect'];
/** Ridge on standardised weights: keeps weights of evidence that says the same twice from running apart. */
const RIDGE = 1e-3;
const STEPS = 50;

/**
 * Logistic regression of hits on the evidence by Newton's method (iteratively reweighted least squares; Hastie 2009,
 * 4.4.1) with a ridge. Evidence with which belief would fall where it must rise, or the other way, is left out and the rest fitted anew.
 */
export function fitCalibration(samples: readonly CalibrationSample[]): Calibration {
  let names: readonly Name[] = NAMES;
  for (;;) {
    const weights = regress(samples, names);
    const wrong = names.filter(
      (name, k) => (RISING.includes(name) && weights[k] < 0) || (FALLING.includes(name) && weights[k] > 0),
    );
    if (wrong.length === 0) {
      const fitted = Object.fromEntries(NAMES.map((name) => [name, 0])) as Record<Name, number>;
      for (const [k, name] of names.entries()) fitted[name] = round(weights[k]);
      return { bias: round(weights[names.length]), ...fitted };
    }
    names = names.filter((name) => !wrong.includes(name));
  }
}

const round = (value: number) => Number(value.toFixed(4));

/** Weights of the evidence named, then the bias. */
function regress(samples: readonly CalibrationSample[], names: readonly Name[]): number[] {
  const n = names.length + 1;
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const mean = names.map((name) => samples.reduce((s, x) => s + x.weight * x.evidence[name], 0) / total);
  const spread = names.map((name, k) =>
    Math.sqrt(samples.reduce((s, x) => s + x.weight * (x.evidence[name] - mean[k]) ** 2, 0) / total),
  );
  const rows = samples.map(({ evidence }) => [
    ...names.map((name, k) => (spread[k] > 1e-9 ? (evidence[name] - mean[k]) / spread[k] : 0)),
    1,
  ]);
  let weights = new Array<number>(n).fill(0);
  for (let step = 0; step < STEPS; step++) {
    const gradient = weights.map((w, k) => (k < n - 1 ? RIDGE * w : 0));
    const curvature = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? RIDGE : 0)),
    );
    for (const [s, row] of rows.entries()) {
      const { hit, weight } = samples[s];
      const p = 1 / (1 + Math.exp(-row.reduce((sum, x, k) => sum + x * weights[k], 0)));
      const share = weight / total;
      for (let i = 0; i < n; i++) {
        gradient[i] += share * (p - (hit ? 1 : 0)) * row[i];
        for (let j = 0; j < n; j++) curvature[i][j] += share * p * (1 - p) * row[i] * row[j];
      }
    }
    const change = solve(curvature, gradient);
    weights = weights.map((w, k) => w - change[k]);
    if (Math.max(...change.map(Math.abs)) < 1e-9) break;
  }
  const raw = names.map((_, k) => (spread[k] > 1e-9 ? weights[k] / spread[k] : 0));
  const bias = weights[n - 1] - raw.reduce((sum, w, k) => sum + w * mean[k], 0);
  return [...raw, bias];
}

/** Solves a symmetric positive definite system by Gaussian elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      const factor = rows[j][i] / rows[i][i];
      for (let k = i; k <= n; k++) rows[j][k] -= factor * rows[i][k];
    }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i][n];
    for (let k = i + 1; k < n; k++) sum -= rows[i][k] * x[k];
    x[i] = sum / rows[i][i];
  }
  return x;
}
