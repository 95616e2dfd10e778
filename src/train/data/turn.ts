import type { Crop } from './augment.js';
import type { TemplateTruth } from './pairs.js';
import { sampleCrop } from './sample.js';

/** Radians a target is turned by at most, either way. */
export const MOST_TURNED = 1.8;

/** What was done to the target between a template and a search crop: mirrored first, then turned. */
export interface Turn {
  /** Radians, as in `View`. */
  readonly angle: number;
  readonly mirrored: boolean;
}

/** Width and height of the box around an ellipse of `width` x `height` that is turned. */
export function turnedSize(width: number, height: number, angle: number): { width: number; height: number } {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return { width: Math.hypot(width * cos, height * sin), height: Math.hypot(width * sin, height * cos) };
}

/**
 * A template crop as it is when its target is turned as in the search crop: a teacher need not know a turned target again.
 * @returns interleaved RGB floats 0..255 of the whole crop, and what is true of them
 */
export function turnTemplate(
  { data, at, size }: Crop,
  { angle, mirrored }: Turn,
  of: TemplateTruth,
): { crop: Float32Array; of: TemplateTruth } {
  const picture = { width: size, height: size, data: data.subarray(at, at + size * size * 3) };
  const middle = (size - 1) / 2;
  const view = { cx: middle, cy: middle, scaleX: 1, scaleY: 1, angle, flip: mirrored };
  const crop = new Float32Array(size * size * 3);
  sampleCrop(picture, view, size, of.mean, crop, 0);
  return { crop, of: { ...of, ...turnedSize(of.width, of.height, angle) } };
}
