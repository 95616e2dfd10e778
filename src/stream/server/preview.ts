import sharp from 'sharp';
import type { I420Picture } from '../../common/index.js';

// libvips keeps what it has computed lately for when it is asked again; no two frames are the same.
sharp.cache(false);

/** A JPEG made from a frame. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly jpeg: Uint8Array;
}

/** Widths that previews come in, so that clients of about the same wish share one. */
const WIDTHS = [160, 240, 320, 480, 640, 800, 960, 1280, 1600, 1920, 2560, 3840];

/** The width of the preview for a wish: never above it, never above the frame's. */
export function previewWidth(wanted: number, frameWidth: number): number {
  if (wanted >= frameWidth) return frameWidth;
  return WIDTHS.findLast((width) => width <= wanted) ?? wanted;
}

/**
 * Makes a JPEG of a picture. Its planes are scaled where they are, by sharp's threads; only the small result is put together to RGB here.
 * The picture must stay as it is until the promise settles.
 */
export async function makePicture(picture: I420Picture, width: number, quality: number): Promise<Picture> {
  const height = Math.max(1, Math.round((picture.height * width) / picture.width));
  const chroma = { width: Math.ceil(picture.width / 2), height: Math.ceil(picture.height / 2) };
  const [y, u, v] = await Promise.all([
    scale(picture.y, picture, width, height),
    scale(picture.u, chroma, width, height),
    scale(picture.v, chroma, width, height),
  ]);
  const rgb = toRgb(picture, { y, u, v });
  const raw = { width, height, channels: 3 as const };
  const jpeg = await sharp(rgb, { raw }).jpeg({ quality }).toBuffer();
  return { width, height, jpeg };
}

async function scale(
  plane: Uint8Array,
  from: { readonly width: number; readonly height: number },
  width: number,
  height: number,
): Promise<Uint8Array> {
  if (from.width === width && from.height === height) return plane;
  const raw = { width: from.width, height: from.height, channels: 1 as const };
  return sharp(plane, { raw })
    .resize(width, height, { fit: 'fill', kernel: 'linear' })
    .extractChannel(0)
    .raw()
    .toBuffer();
}

/** Red of V, green of U and V, blue of U, times 2^16, and luma's scale and offset (ITU-R BT.601, BT.709, BT.2020). */
const WEIGHTS = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] } as const;

function toRgb(
  { matrix, range }: Pick<I420Picture, 'matrix' | 'range'>,
  { y, u, v }: { y: Uint8Array; u: Uint8Array; v: Uint8Array },
): Uint8ClampedArray {
  const [kr, kb] = WEIGHTS[matrix];
  const kg = 1 - kr - kb;
  const full = range === 'full';
  const chroma = full ? 1 : 255 / 224;
  const luma = full ? 1 : 255 / 219;
  const offset = full ? 0 : -16;
  const rv = 2 * (1 - kr) * chroma;
  const bu = 2 * (1 - kb) * chroma;
  const gu = -((2 * kb * (1 - kb)) / kg) * chroma;
  const gv = -((2 * kr * (1 - kr)) / kg) * chroma;
  const rgb = new Uint8ClampedArray(3 * y.length);
  for (let k = 0, out = 0; k < y.length; k++, out += 3) {
    const l = (y[k] + offset) * luma;
    const cb = u[k] - 128;
    const cr = v[k] - 128;
    rgb[out] = l + rv * cr;
    rgb[out + 1] = l + gu * cb + gv * cr;
    rgb[out + 2] = l + bu * cb;
  }
  return rgb;
}
