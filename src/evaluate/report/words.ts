import type { RecoverySummary } from '../honest/index.js';

/** A share or an area, `–` where there is none. */
export function ratio(value: number | null | undefined, decimals = 3): string {
  return value === null || value === undefined || Number.isNaN(value) ? '–' : value.toFixed(decimals);
}

/** A part as a percentage. */
export function percent(value: number | null | undefined, decimals = 1): string {
  return value === null || value === undefined || Number.isNaN(value)
    ? '–'
    : `${(100 * value).toFixed(decimals)} %`;
}

/** A rate, to whole numbers from 100 on. */
export function rate(value: number | null): string {
  return value === null ? '–' : value.toFixed(value >= 100 ? 0 : 1);
}

/** `found of count`. */
export function foundOf({ found, count }: RecoverySummary): string {
  return count === 0 ? '–' : `${found} of ${count}`;
}

/** The median of frames that it took. */
export function medianFrames({ median }: RecoverySummary): string {
  if (Number.isNaN(median)) return '–';
  return median === Number.POSITIVE_INFINITY ? 'never' : String(median);
}

/** `1 frame`, `2 frames`. */
export function counted(count: number, unit: string): string {
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`;
}
