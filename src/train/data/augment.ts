import { shadeOf, type TemplateShade } from '../../model/index.js';
import type { Random } from '../random.js';
import type { TemplateTruth } from './pairs.js';

/** A square crop of interleaved RGB floats 0..255 inside a larger buffer. */
export interface Crop {
  readonly data: Float32Array;
  readonly at: number;
  readonly size: number;
}

/** Brightness, contrast, saturation and a gain per channel: what exposure and white balance do between frames. */
export function jitterColour(crop: Crop, random: Random, strength: number): void {
  const { data, at, size } = crop;
  const contrast = Math.exp(random.uniform(-0.35, 0.35) * strength);
  const brightness = random.uniform(-30, 30) * strength;
  const saturation = Math.exp(random.uniform(-0.5, 0.35) * strength);
  const gain = [0, 1, 2].map(() => Math.exp(random.uniform(-0.12, 0.12) * strength));
  const end = at + size * size * 3;
  for (let p = at; p < end; p += 3) {
    const r = data[p];
    const g = data[p + 1];
    const b = data[p + 2];
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    const base = (grey - 118) * contrast + 118 + brightness;
    data[p] = clamp((base + (r - grey) * saturation * contrast) * gain[0]);
    data[p + 1] = clamp((base + (g - grey) * saturation * contrast) * gain[1]);
    data[p + 2] = clamp((base + (b - grey) * saturation * contrast) * gain[2]);
  }
}

/** To grey, as infrared and old cameras see. */
export function toGrey(crop: Crop): void {
  const { data, at, size } = crop;
  const end = at + size * size * 3;
  for (let p = at; p < end; p += 3) {
    const grey = 0.299 * data[p] + 0.587 * data[p + 1] + 0.114 * data[p + 2];
    data[p] = grey;
    data[p + 1] = grey;
    data[p + 2] = grey;
  }
}

/** Motion or focus blur: a box filter of `length` pixels along x, along y, or along both. */
export function blur(crop: Crop, random: Random, longest: number): void {
  const length = 2 + random.int(Math.max(1, longest - 1));
  const direction = random.int(3);
  if (direction !== 1) boxFilter(crop, length, 3, crop.size * 3);
  if (direction !== 0) boxFilter(crop, length, crop.size * 3, 3);
}

function boxFilter({ data, at, size }: Crop, length: number, step: number, line: number): void {
  const row = new Float32Array(size + length);
  const before = length >> 1;
  for (let k = 0; k < size; k++) {
    for (let c = 0; c < 3; c++) {
      const start = at + k * line + c;
      for (let i = 0; i < size + length; i++) {
        const from = Math.min(size - 1, Math.max(0, i - before));
        row[i] = data[start + from * step];
      }
      let sum = 0;
      for (let i = 0; i < length; i++) sum += row[i];
      for (let i = 0; i < size; i++) {
        data[start + i * step] = sum / length;
        sum += row[i + length] - row[i];
      }
    }
  }
}

/** What a small target looks like once enlarged: the crop at `1 / factor` of its resolution, bilinearly enlarged. */
export function lowerResolution({ data, at, size }: Crop, factor: number): void {
  const small = Math.max(8, Math.round(size / factor));
  const step = size / small;
  const means = new Float32Array(small * small * 3);
  for (let j = 0; j < small; j++) {
    const [y0, y1] = [Math.floor(j * step), Math.max(Math.floor(j * step) + 1, Math.floor((j + 1) * step))];
    for (let i = 0; i < small; i++) {
      const [x0, x1] = [Math.floor(i * step), Math.max(Math.floor(i * step) + 1, Math.floor((i + 1) * step))];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += data[at + (y * size + x) * 3 + c];
        means[(j * small + i) * 3 + c] = sum / ((y1 - y0) * (x1 - x0));
      }
    }
  }
  const last = small - 1;
  for (let y = 0; y < size; y++) {
    const v = Math.min(last, Math.max(0, (y + 0.5) / step - 0.5));
    const j = Math.min(last - 1, Math.floor(v));
    for (let x = 0; x < size; x++) {
      const u = Math.min(last, Math.max(0, (x + 0.5) / step - 0.5));
      const i = Math.min(last - 1, Math.floor(u));
      const [fx, fy] = [u - i, v - j];
      const p = (j * small + i) * 3;
      for (let c = 0; c < 3; c++) {
        const top = means[p + c] * (1 - fx) + means[p + 3 + c] * fx;
        const bottom = means[p + small * 3 + c] * (1 - fx) + means[p + small * 3 + 3 + c] * fx;
        data[at + (y * size + x) * 3 + c] = top * (1 - fy) + bottom * fy;
      }
    }
  }
}

/** Sensor noise, the same deviation in every channel. */
export function addNoise({ data, at, size }: Crop, random: Random, deviation: number): void {
  const end = at + size * size * 3;
  // Uniform noise of equal variance: a normal deviate a pixel would cost more than the crop itself.
  const range = deviation * Math.sqrt(12);
  for (let p = at; p < end; p++) data[p] = clamp(data[p] + (random.uint32() / 4294967296 - 0.5) * range);
}

/** Copies a rectangle of one crop over a place in another (an occluder, or a second object). */
export function paste(source: Crop, from: Rectangle, target: Crop, x: number, y: number): void {
  const x0 = Math.max(0, Math.round(x));
  const y0 = Math.max(0, Math.round(y));
  const x1 = Math.min(target.size, Math.round(x + from.width));
  const y1 = Math.min(target.size, Math.round(y + from.height));
  for (let j = y0; j < y1; j++) {
    const sy = Math.min(source.size - 1, Math.max(0, Math.floor(from.y + (j - y))));
    for (let i = x0; i < x1; i++) {
      const sx = Math.min(source.size - 1, Math.max(0, Math.floor(from.x + (i - x))));
      const s = source.at + (sy * source.size + sx) * 3;
      const t = target.at + (j * target.size + i) * 3;
      target.data[t] = source.data[s];
      target.data[t + 1] = source.data[s + 1];
      target.data[t + 2] = source.data[s + 2];
    }
  }
}

/** Shades a template crop around its target, as a tracker does in use. */
export function shade({ data, at, size }: Crop, how: TemplateShade, of: TemplateTruth): void {
  const kept = shadeOf(how, size, of.width, of.height);
  for (let k = 0, p = at; k < kept.length; k++)
    for (let c = 0; c < 3; c++, p++) data[p] = of.mean[c] + (data[p] - of.mean[c]) * kept[k];
}

/** Width of the rim over which a transplanted target fades into its background, as a share of its half sides. */
const RIM = 0.15;

/**
 * How much of a point belongs to a rectangle with round corners (a superellipse of degree 4) and a soft rim: 1 inside, 0 outside.
 * @param u distance from its middle, half widths
 * @param v the same in half heights
 */
export function roundness(u: number, v: number): number {
  if (u >= 1 || v >= 1) return 0;
  return Math.max(0, Math.min(1, (1 - (u ** 4 + v ** 4) ** 0.25) / RIM));
}

/**
 * Puts another background, a crop of the same size, behind a target. What is kept of the crop is a rectangle with round corners,
 * `reach` times as large as the target, with a soft rim.
 * @param target middle and size, crop pixels
 */
export function transplant(
  { data, at, size }: Crop,
  target: Rectangle,
  background: Crop,
  reach: number,
): void {
  const [a, b] = [(target.width / 2) * reach, (target.height / 2) * reach];
  for (let y = 0; y < size; y++) {
    const v = Math.abs((y + 0.5 - target.y) / b);
    for (let x = 0; x < size; x++) {
      const u = Math.abs((x + 0.5 - target.x) / a);
      const kept = roundness(u, v);
      if (kept === 1) continue;
      const p = (y * size + x) * 3;
      for (let c = 0; c < 3; c++) {
        const behind = background.data[background.at + p + c];
        data[at + p + c] = behind + (data[at + p + c] - behind) * kept;
      }
    }
  }
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function clamp(v: number): number {
  return v < 0 ? 0 : v > 255 ? 255 : v;
}
