import type { I420Picture } from '../common/index.js';
import type { Colour } from './colour.js';
import { contextSide, cropForModel } from './context.js';
import type { ModelManifest } from './manifest.js';
import { shadeOf } from './template-mask.js';

/** Something in a picture: centre and size in its pixels. */
export interface Shown {
  readonly cx: number;
  readonly cy: number;
  readonly w: number;
  readonly h: number;
}

/**
 * The template crop of what is shown, as a model takes it: with its context, shaded where the manifest says so.
 * @param mean the picture's mean colour
 * @param out receives 3 * size * size numbers from `offset`
 */
export function cropTemplate(
  manifest: ModelManifest,
  picture: I420Picture,
  { cx, cy, w, h }: Shown,
  mean: Colour,
  out: Float32Array,
  offset: number,
): void {
  const { templateShade, template: size, normalisation: n, channelOrder } = manifest.input;
  const side = contextSide(w, h, manifest.contextAmount);
  cropForModel(manifest, picture, cx, cy, side, size, mean, out, offset);
  if (!templateShade) return;
  const kept = shadeOf(templateShade, size, (w * size) / side, (h * size) / side);
  for (let c = 0, at = offset; c < 3; c++) {
    const fill = (mean[channelOrder === 'RGB' ? c : 2 - c] * n.scale - n.mean[c]) / n.std[c];
    for (let k = 0; k < kept.length; k++, at++) out[at] = fill + (out[at] - fill) * kept[k];
  }
}
