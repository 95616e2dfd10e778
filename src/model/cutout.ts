import type { I420Picture } from '../common/index.js';
import type { Colour } from './colour.js';
import { type CropLayout, cropContext, type PicturePart } from './crop.js';

/** A crop yet to be cut, by whichever thread: what `cropContext` takes but for size and destination. */
export interface PictureCrop {
  readonly picture: I420Picture;
  readonly cx: number;
  readonly cy: number;
  readonly side: number;
  readonly mean: Colour;
  readonly layout: CropLayout;
  /** Where `picture` lies in the whole one, whose coordinates the crop's are; absent where it is the whole one. */
  readonly part?: PicturePart;
}

/** The part of a picture that a crop is made of, even at left and top so that chroma stays in place. */
export interface Cutout {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Of its three planes. */
  readonly bytes: number;
}

/** Pixels around the crop's square: bilinear sampling of chroma reaches one chroma sample, two pixels, beyond it. */
const MARGIN = 4;

/** Cuts a crop, planar, into `out` from `offset`. @throws InvalidArgumentError */
export function cutCrop(crop: PictureCrop, size: number, out: Float32Array, offset: number): void {
  const { picture, cx, cy, side, mean, layout, part } = crop;
  cropContext(picture, cx, cy, side, size, mean, out, offset, layout, part);
}

/** Which part of its picture a crop needs; undefined for one that cannot be cut. */
export function cutoutOf({ picture, cx, cy, side }: PictureCrop): Cutout | undefined {
  if (!(side > 0 && Number.isFinite(cx + cy + side))) return undefined;
  const [left, width] = span(cx, side, picture.width);
  const [top, height] = span(cy, side, picture.height);
  return { left, top, width, height, bytes: width * height + 2 * chroma(width) * chroma(height) };
}

/** Start and length of the part; where the square lies beside the picture, what is nearest to it. */
function span(centre: number, side: number, length: number): [number, number] {
  const even = (value: number) => 2 * Math.floor(value / 2);
  const from = Math.min(Math.max(0, even(centre - side / 2 - MARGIN)), even(length - 1));
  const to = Math.min(length, Math.max(from + 2, even(centre + side / 2 + MARGIN + 1)));
  return [from, to - from];
}

/** Whether other threads see a picture's memory as it is. */
export function isShared({ y, u, v }: I420Picture): boolean {
  return [y, u, v].every((plane) => plane.buffer instanceof SharedArrayBuffer);
}

/**
 * Copies a crop's part of its picture to `bytes` from `at`, and gives the same crop of the copy. Its coordinates stay those of
 * the whole picture, so that it comes out the same to the last bit.
 */
export function copyCutout(crop: PictureCrop, cutout: Cutout, bytes: Uint8Array, at: number): PictureCrop {
  const { left, top, width, height } = cutout;
  const { picture } = crop;
  let end = at;
  const copy = (plane: Uint8Array, stride: number, x: number, y: number, w: number, h: number) => {
    const start = end;
    for (let row = y; row < y + h; row++, end += w)
      bytes.set(plane.subarray(row * stride + x, row * stride + x + w), end);
    return bytes.subarray(start, end);
  };
  const colours = [left / 2, top / 2, chroma(width), chroma(height)] as const;
  const stride = chroma(picture.width);
  const y = copy(picture.y, picture.width, left, top, width, height);
  const u = copy(picture.u, stride, ...colours);
  const v = copy(picture.v, stride, ...colours);
  const { range, matrix } = picture;
  return {
    ...crop,
    picture: { width, height, y, u, v, range, matrix },
    part: { left, top, width: picture.width, height: picture.height },
  };
}

function chroma(length: number): number {
  return (length + 1) >> 1;
}
