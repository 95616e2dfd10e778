import { contextSide } from './context.js';
import type { Embedding } from './engine.js';

/** How much of a template embedding lies on the target: 1 there, `outside` off it, with a soft rim. */
export interface TemplateMask {
  /** How far the target reaches beyond its box, template pixels. */
  readonly margin: number;
  /** What is left of the cells off the target, 0..1. */
  readonly outside: number;
}

/**
 * A template crop shows a square around the target, most of which is not the target, and the crop alone does not tell which part is. The
 * mask does: a head sees by it how tall and how wide the target is, and does not hold on to what is behind it. (Tracking by transformers
 * marks the template's tokens as target or background for the same reason: LoRAT, Lin 2024, 3.2.)
 *
 * @param cells along a side of the embedding; cell i looks at `(i - cells / 2) * stride` template pixels from the crop's centre
 * @param width, height of the target, template pixels; it is in the middle
 * @returns a factor for each cell, rows first
 */
export function maskOf(
  { margin, outside }: TemplateMask,
  cells: number,
  stride: number,
  width: number,
  height: number,
): Float32Array {
  const share = (k: number, size: number) => {
    const distance = Math.abs(k - cells / 2) * stride;
    return Math.min(1, Math.max(0, (size / 2 + margin + stride / 2 - distance) / stride));
  };
  const columns = Array.from({ length: cells }, (_, i) => share(i, width));
  const rows = Array.from({ length: cells }, (_, j) => share(j, height));
  return Float32Array.from(
    { length: cells * cells },
    (_, k) => outside + (1 - outside) * columns[k % cells] * rows[Math.floor(k / cells)],
  );
}

/** A template embedding under the mask of a target of `w` x `h`, in any pixels: its size in the crop follows from its context. */
export function maskTemplate(
  embedding: Embedding,
  mask: TemplateMask,
  of: { readonly w: number; readonly h: number },
  crop: { readonly stride: number; readonly contextAmount: number; readonly template: number },
): Embedding {
  const { side, channels } = embedding;
  const scale = crop.template / contextSide(of.w, of.h, crop.contextAmount);
  const factors = maskOf(mask, side, crop.stride, of.w * scale, of.h * scale);
  const cells = side * side;
  const data = new Float32Array(embedding.data.length);
  for (let c = 0, at = 0; c < channels; c++)
    for (let k = 0; k < cells; k++, at++) data[at] = embedding.data[at] * factors[k];
  return { ...embedding, data };
}

/** How a template crop is shaded: what is off the target fades into the picture's mean colour before the encoder sees it. */
export interface TemplateShade {
  /** How far what is kept reaches beyond the target's box, template pixels. */
  readonly margin: number;
  /** What is left of the rest, 0..1. */
  readonly outside: number;
}

/** Width of the rim over which a shade fades, as a share of what is kept. */
const RIM = 0.3;

/**
 * How much of each pixel of a template crop is kept. An embedding's cells see far beyond themselves, so that a mask of the embedding cannot
 * take away what is behind a target; a network that sees the background takes it for part of the target, and follows it when they part.
 *
 * @param width, height of the target, template pixels; it is in the middle, and is kept as a rectangle with round corners
 * @returns a factor for each pixel, rows first
 */
export function shadeOf(
  { margin, outside }: TemplateShade,
  size: number,
  width: number,
  height: number,
): Float32Array {
  const middle = (size - 1) / 2;
  const power = (k: number, side: number) => (Math.abs(k - middle) / (side / 2 + margin)) ** 4;
  const columns = Float64Array.from({ length: size }, (_, x) => power(x, width));
  const gone = (1 + RIM) ** 4;
  const factors = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    const row = power(y, height);
    const from = y * size;
    // Right is as left, and a root is dear: only the rim needs one.
    for (let x = 0, mirrored = size - 1; x <= mirrored; x++, mirrored--) {
      const sum = columns[x] + row;
      const share = sum <= 1 ? 1 : sum >= gone ? 0 : 1 - (Math.sqrt(Math.sqrt(sum)) - 1) / RIM;
      const factor = outside + (1 - outside) * share;
      factors[from + x] = factor;
      factors[from + mirrored] = factor;
    }
  }
  return factors;
}
