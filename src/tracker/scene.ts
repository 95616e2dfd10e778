import { type I420Picture, InvalidArgumentError } from '../common/index.js';
import type { Place } from './geometry.js';

/** Longer side of what is kept of a picture. */
const SIDE = 160;
/** Samples of a side that are averaged for one that is kept, at most. */
const SAMPLES = 3;
/** A part of fewer samples cannot be compared. */
const SMALLEST = 24;
/** Correlation of two looks at a part from which on they show the same. */
const SAME = 0.85;
/** The same of parts of hardly any contrast (deviation below `FLAT`): mean difference of a sample. */
const FLAT = 4;
const SAME_LEVEL = 3;
/** A target reaches this many times as far as its box. */
const APART = 1.5;

/** What a picture looked like, in a small grey copy, while the target was surely at `place` (pixels of the copy). */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly luma: Uint8Array;
  readonly place: Place;
}

/** A scene as JSON holds it. */
export interface StoredScene extends Omit<Scene, 'luma'> {
  /** Base64. */
  readonly luma: string;
}

/** @param place where the target is, pixels of the picture */
export function rememberScene(picture: I420Picture, place: Place): Scene {
  const { width, height, luma } = shrunk(picture);
  return { width, height, luma, place: scaled(place, width / picture.width, height / picture.height) };
}

/**
 * Whether what is at a place was there already while the target was elsewhere: then it is not the target, however like it it looks. Of a
 * moving camera or of something that moves it says no; so it does where it cannot tell.
 *
 * @param place in pixels of the picture
 */
export function wasThere(scene: Scene, picture: I420Picture, place: Place): boolean {
  if (Math.abs(scene.width / scene.height / (picture.width / picture.height) - 1) > 0.02) return false;
  const at = scaled(place, scene.width / picture.width, scene.height / picture.height);
  if (meet(at, scene.place)) return false;
  const [left, right] = span(at.cx, at.w, scene.width);
  const [top, bottom] = span(at.cy, at.h, scene.height);
  const count = (right - left) * (bottom - top);
  if (right <= left || bottom <= top || count < SMALLEST) return false;
  const now = shrunk(picture, scene);
  let [a, b, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const p = scene.luma[y * scene.width + x];
      const q = now.luma[y * scene.width + x];
      a += p;
      b += q;
      aa += p * p;
      bb += q * q;
      ab += p * q;
    }
  }
  const variance = (sum: number, squares: number) => Math.max(0, squares / count - (sum / count) ** 2);
  const [va, vb] = [variance(a, aa), variance(b, bb)];
  if (Math.max(va, vb) < FLAT ** 2) return Math.abs(a - b) / count < SAME_LEVEL;
  return (ab / count - (a * b) / count ** 2) / Math.sqrt(va * vb + 1e-9) >= SAME;
}

export function storeScene({ luma, ...rest }: Scene): StoredScene {
  return { ...rest, luma: Buffer.from(luma).toString('base64') };
}

/** @throws InvalidArgumentError for data of another length than `width` x `height` */
export function loadScene({ luma, ...rest }: StoredScene): Scene {
  const bytes = new Uint8Array(Buffer.from(luma, 'base64'));
  const expected = rest.width * rest.height;
  if (bytes.length !== expected)
    throw new InvalidArgumentError('snapshot', `${expected} bytes of a scene`, `${bytes.length} bytes`);
  return { ...rest, luma: bytes };
}

function shrunk(picture: I420Picture, size?: { width: number; height: number }) {
  const { width: from, height: rows, y: luma } = picture;
  const by = Math.min(1, SIDE / Math.max(from, rows));
  const width = size?.width ?? Math.max(1, Math.round(from * by));
  const height = size?.height ?? Math.max(1, Math.round(rows * by));
  const columns = samplesOf(from, width);
  const lines = samplesOf(rows, height);
  const [across, down] = [columns.length / width, lines.length / height];
  const out = new Uint8Array(width * height);
  const sums = new Uint32Array(width);
  for (let j = 0; j < height; j++) {
    sums.fill(0);
    for (let l = j * down; l < (j + 1) * down; l++) {
      const row = lines[l] * from;
      for (let i = 0, c = 0; i < width; i++)
        for (let s = 0; s < across; s++) sums[i] += luma[row + columns[c++]];
    }
    for (let i = 0; i < width; i++) out[j * width + i] = Math.round(sums[i] / (across * down));
  }
  return { width, height, luma: out };
}

/** Which of `from` samples each of `to` is the mean of: as many for each, one after another. */
function samplesOf(from: number, to: number): Int32Array {
  const step = from / to;
  const count = Math.max(1, Math.min(SAMPLES, Math.floor(step)));
  return Int32Array.from({ length: to * count }, (_, k) => {
    const middle = (Math.floor(k / count) + ((k % count) + 0.5) / count) * step;
    return Math.min(from - 1, Math.floor(middle));
  });
}

function scaled({ cx, cy, w, h }: Place, x: number, y: number): Place {
  return { cx: cx * x, cy: cy * y, w: w * x, h: h * y };
}

function span(middle: number, length: number, size: number): [number, number] {
  return [Math.max(0, Math.round(middle - length / 2)), Math.min(size, Math.round(middle + length / 2))];
}

function meet(a: Place, b: Place): boolean {
  const near = (distance: number, one: number, other: number) =>
    Math.abs(distance) < ((one + other) / 2) * APART;
  return near(a.cx - b.cx, a.w, b.w) && near(a.cy - b.cy, a.h, b.h);
}
