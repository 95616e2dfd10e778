import { InvalidArgumentError } from '../common/index.js';
import type { Embedding } from './engine.js';

/**
 * Cross-correlation of a search embedding with a template embedding, without padding (Bertinetto 2016, eq. 2):
 * map[y, x] = sum over c, j, i of template[c, j, i] * search[c, y + j, x + i].
 * @returns a square map of side search.side - template.side + 1
 */
export function crossCorrelate(template: Embedding, search: Embedding): Float32Array {
  const { channels, side: m } = template;
  const n = search.side;
  if (search.channels !== channels || n < m)
    throw new InvalidArgumentError(
      'search',
      `${channels} channels and side >= ${m}`,
      `${search.channels} channels, side ${n}`,
    );
  const side = n - m + 1;
  const map = new Float32Array(side * side);
  const z = template.data;
  const x = search.data;
  for (let c = 0; c < channels; c++)
    for (let j = 0; j < m; j++)
      for (let i = 0; i < m; i++) {
        const weight = z[(c * m + j) * m + i];
        for (let y = 0; y < side; y++) {
          const from = (c * n + y + j) * n + i;
          const to = y * side;
          for (let k = 0; k < side; k++) map[to + k] += weight * x[from + k];
        }
      }
  return map;
}

/** Cubic convolution kernel with a = -0.75 (Keys 1981), the one image libraries call bicubic. */
function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d < 1) return (1.25 * d - 2.25) * d * d + 1;
  if (d < 2) return ((-0.75 * d + 3.75) * d - 6) * d + 3;
  return 0;
}

/**
 * Bicubic enlargement of a square map. Output k lies at input position k / factor, so that the corners of both maps
 * coincide and peaks keep their place: side becomes (side - 1) * factor + 1.
 */
export function upsample(map: Float32Array, side: number, factor: number): Float32Array {
  if (factor === 1) return map;
  const size = (side - 1) * factor + 1;
  const wide = new Float32Array(side * size);
  const tall = new Float32Array(size * size);
  const clamp = (k: number) => Math.min(side - 1, Math.max(0, k));
  for (let k = 0; k < size; k++) {
    const at = k / factor;
    const base = Math.floor(at);
    for (let t = base - 1; t <= base + 2; t++) {
      const weight = cubic(at - t);
      if (weight === 0) continue;
      const from = clamp(t);
      for (let row = 0; row < side; row++) wide[row * size + k] += weight * map[row * side + from];
    }
  }
  for (let k = 0; k < size; k++) {
    const at = k / factor;
    const base = Math.floor(at);
    for (let t = base - 1; t <= base + 2; t++) {
      const weight = cubic(at - t);
      if (weight === 0) continue;
      const from = clamp(t) * size;
      for (let column = 0; column < size; column++) tall[k * size + column] += weight * wide[from + column];
    }
  }
  return tall;
}
