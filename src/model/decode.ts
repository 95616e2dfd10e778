import type { BoxHead } from './manifest.js';

/**
 * Turns a head's raw score maps of one search region into scores 0..1, one per grid point, rows first.
 * @param raw [2, S, S] for `softmax2`, [1, S, S] otherwise
 * @param out S * S numbers to write into
 */
export function decodeScores(kind: BoxHead['score']['kind'], raw: Float32Array, out: Float32Array): void {
  const cells = out.length;
  for (let k = 0; k < cells; k++) {
    if (kind === 'softmax2') out[k] = 1 / (1 + Math.exp(raw[k] - raw[cells + k]));
    else out[k] = kind === 'logit' ? 1 / (1 + Math.exp(-raw[k])) : raw[k];
  }
}
