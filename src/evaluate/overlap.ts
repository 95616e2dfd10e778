import type { Box } from '../common/index.js';

/** Intersection over union as the OTB toolkits compute it: the same small number keeps the division defined, so results agree to the bit. */
export function overlap(a: Box, b: Box): number {
  const w = Math.max(0, Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]));
  const h = Math.max(0, Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]));
  const inter = w * h;
  return inter / (a[2] * a[3] + b[2] * b[3] - inter + 1e-9);
}

/** From the centre of `b` to the centre of `a`, in pixels. */
export function centreOffset(a: Box, b: Box): [number, number] {
  return [a[0] - b[0] + (a[2] - b[2]) / 2, a[1] - b[1] + (a[3] - b[3]) / 2];
}

/** Arithmetic mean; `NaN` of nothing. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Share of the values that are accepted; `NaN` of nothing. */
export function share<T>(values: readonly T[], accept: (value: T) => boolean): number {
  return values.length === 0 ? Number.NaN : values.filter(accept).length / values.length;
}
