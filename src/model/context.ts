import type { I420Picture } from '../common/index.js';
import type { Colour } from './colour.js';
import { type CropLayout, cropContext } from './crop.js';
import type { ModelManifest } from './manifest.js';

/** Side of the square that holds a target of `w` x `h` with its context: sqrt((w + p)(h + p)), p = amount (w + h). */
export function contextSide(w: number, h: number, amount: number): number {
  const p = amount * (w + h);
  return Math.sqrt((w + p) * (h + p));
}

const layouts = new WeakMap<ModelManifest, CropLayout>();

/** The layout a model's crops have. */
export function cropLayout(manifest: ModelManifest): CropLayout {
  let layout = layouts.get(manifest);
  if (!layout) {
    const { channelOrder, normalisation } = manifest.input;
    layout = { channelOrder, ...normalisation };
    layouts.set(manifest, layout);
  }
  return layout;
}

/** `cropContext` in a model's layout. */
export function cropForModel(
  manifest: ModelManifest,
  picture: I420Picture,
  cx: number,
  cy: number,
  side: number,
  size: number,
  mean: Colour,
  out: Float32Array,
  offset: number,
): void {
  cropContext(picture, cx, cy, side, size, mean, out, offset, cropLayout(manifest));
}
