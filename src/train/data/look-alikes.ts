import type { Random } from '../random.js';
import { type Crop, type Rectangle, roundness } from './augment.js';

/** A target less different than this in its new colours, mean difference of a channel, could be the target in another light. */
const VISIBLE = 16;

/**
 * The crop in colours that its target cannot have by another light: hues turned about the axis of greys by 36 to 180 degrees (Rodrigues'
 * rotation), tinted or in the opposite brightness where there is hardly a hue to turn. In a half of the cases only the upper, the lower
 * or the left part of the target is so, as two people differ by a shirt.
 *
 * @param target middle and size, crop pixels
 * @returns interleaved RGB floats 0..255 of the whole crop
 */
export function recoloured(crop: Crop, target: Rectangle, random: Random): Float32Array {
  const angle = random.uniform(0.2, 1) * Math.PI * (random.chance(0.5) ? 1 : -1);
  const tintsFirst = random.chance(0.7);
  const tint = shuffled([0.4, 0.9, 1.4], random);
  const part = random.int(6);
  const turned = turnHue(crop, angle);
  const opposite = (v: number) => 255 - v;
  const tinted = (v: number, c: number) => clamp(v * tint[c]);
  // What has no colour gets one, or the opposite brightness: black takes no tint, and the opposite of middle grey is itself.
  for (const change of tintsFirst ? [tinted, opposite] : [opposite, tinted]) {
    if (difference(crop, turned, target) >= VISIBLE) break;
    for (let p = 0; p < turned.length; p++) turned[p] = change(turned[p], p % 3);
  }
  const { data, at, size } = crop;
  for (let y = 0, p = 0; y < size; y++) {
    const upper = y + 0.5 < target.y;
    for (let x = 0; x < size; x++, p += 3) {
      const kept = part === 0 ? upper : part === 1 ? !upper : part === 2 && x + 0.5 < target.x;
      if (kept) for (let c = 0; c < 3; c++) turned[p + c] = data[at + p + c];
    }
  }
  return turned;
}

/** Puts other pixels, interleaved RGB of the crop's size, where the target is: a rectangle with round corners and a soft rim. */
export function replaceTarget(crop: Crop, target: Rectangle, pixels: ArrayLike<number>, reach: number): void {
  const { data, at, size } = crop;
  eachPixel(size, target, reach, (x, y, share) => {
    const p = (y * size + x) * 3;
    for (let c = 0; c < 3; c++) data[at + p + c] += (pixels[p + c] - data[at + p + c]) * share;
  });
}

/**
 * Pastes a copy of the target in other colours beside it or partly behind it, mirrored in a half of the cases, up to a fifth smaller or
 * larger: it has the target's shape, and is not the target.
 *
 * @param target middle and size, crop pixels
 * @returns where the copy is, as `target`
 */
export function pasteLookAlike(crop: Crop, target: Rectangle, random: Random): Rectangle {
  const { data, at, size } = crop;
  const scale = Math.exp(random.uniform(-0.2, 0.2));
  const mirror = random.chance(0.5) ? 1 : -1;
  const [width, height] = [target.width * scale, target.height * scale];
  const reach = Math.max((target.width + width) / 2, (target.height + height) / 2);
  const angle = random.uniform(0, 2 * Math.PI);
  const distance = random.uniform(0.5, 1.8) * reach;
  let [dx, dy] = [Math.cos(angle) * distance, Math.sin(angle) * distance];
  // On the other side if it would be outside, where nobody sees it.
  const outside = (v: number) => Math.abs(v - size / 2) > 0.45 * size;
  if (outside(target.x + dx) || outside(target.y + dy)) [dx, dy] = [-dx, -dy];
  const place = { x: target.x + dx, y: target.y + dy, width, height };
  const pixels = recoloured(crop, target, random);
  eachPixel(size, place, 1, (x, y, share) => {
    // The target stands before its copy: its label stays true.
    const shown = share * (1 - coverage(target, 1.1, x, y));
    if (shown <= 0) return;
    const u = target.x + ((x + 0.5 - place.x) * mirror) / scale - 0.5;
    const v = target.y + (y + 0.5 - place.y) / scale - 0.5;
    const p = at + (y * size + x) * 3;
    for (let c = 0; c < 3; c++) data[p + c] += (bilinear(pixels, size, u, v, c) - data[p + c]) * shown;
  });
  return place;
}

/** How much of a pixel belongs to a target with round corners: 1 inside, 0 outside. */
function coverage(target: Rectangle, reach: number, x: number, y: number): number {
  return roundness(
    Math.abs((x + 0.5 - target.x) / ((target.width / 2) * reach)),
    Math.abs((y + 0.5 - target.y) / ((target.height / 2) * reach)),
  );
}

function eachPixel(
  size: number,
  target: Rectangle,
  reach: number,
  visit: (x: number, y: number, share: number) => void,
): void {
  const span = (middle: number, length: number) => [
    Math.max(0, Math.floor(middle - (length / 2) * reach)),
    Math.min(size, Math.ceil(middle + (length / 2) * reach)),
  ];
  const [x0, x1] = span(target.x, target.width);
  const [y0, y1] = span(target.y, target.height);
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const share = coverage(target, reach, x, y);
      if (share > 0) visit(x, y, share);
    }
  }
}

function turnHue({ data, at, size }: Crop, angle: number): Float32Array {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle) / Math.sqrt(3);
  const own = cos + (1 - cos) / 3;
  const [next, last] = [(1 - cos) / 3 - sin, (1 - cos) / 3 + sin];
  const out = new Float32Array(size * size * 3);
  for (let p = 0; p < out.length; p += 3) {
    const [r, g, b] = [data[at + p], data[at + p + 1], data[at + p + 2]];
    out[p] = clamp(own * r + next * g + last * b);
    out[p + 1] = clamp(last * r + own * g + next * b);
    out[p + 2] = clamp(next * r + last * g + own * b);
  }
  return out;
}

/** Mean difference of a channel over the target. */
function difference({ data, at, size }: Crop, pixels: Float32Array, target: Rectangle): number {
  let sum = 0;
  let weight = 0;
  eachPixel(size, target, 1, (x, y, share) => {
    const p = (y * size + x) * 3;
    for (let c = 0; c < 3; c++) sum += Math.abs(pixels[p + c] - data[at + p + c]) * share;
    weight += 3 * share;
  });
  return sum / Math.max(1, weight);
}

function bilinear(pixels: Float32Array, size: number, u: number, v: number, c: number): number {
  const clampIndex = (i: number) => Math.min(size - 1, Math.max(0, i));
  const [x0, y0] = [Math.floor(u), Math.floor(v)];
  const at = (x: number, y: number) => pixels[(clampIndex(y) * size + clampIndex(x)) * 3 + c];
  const [fx, fy] = [u - x0, v - y0];
  const top = at(x0, y0) + (at(x0 + 1, y0) - at(x0, y0)) * fx;
  const low = at(x0, y0 + 1) + (at(x0 + 1, y0 + 1) - at(x0, y0 + 1)) * fx;
  return top + (low - top) * fy;
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

const clamp = (v: number): number => (v < 0 ? 0 : v > 255 ? 255 : v);
