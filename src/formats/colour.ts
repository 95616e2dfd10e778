import type { I420Picture } from '../common/index.js';

/** Luma and chroma bytes of one colour. */
export interface Yuv {
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/** Weights of red and blue in luma: ITU-R BT.601, BT.709 and BT.2020. */
const LUMA = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] } as const;

const PALETTE = [
  0x00d26a, 0xff3b5c, 0x2f9bff, 0xffc400, 0xb35cff, 0x00d5d5, 0xff7a1a, 0xa3e635, 0xff6fd8, 0xffffff,
] as const;

/** The colour of the n-th target as `0xRRGGBB`; the palette of ten repeats. */
export function targetColour(n: number): number {
  return PALETTE[n % PALETTE.length];
}

/** A colour `0xRRGGBB` in the coding of a picture. */
export function toYuv(rgb: number, { range, matrix }: Pick<I420Picture, 'range' | 'matrix'>): Yuv {
  const [r, g, b] = [(rgb >> 16) / 255, ((rgb >> 8) & 255) / 255, (rgb & 255) / 255];
  const [kr, kb] = LUMA[matrix];
  const y = kr * r + (1 - kr - kb) * g + kb * b;
  const u = (b - y) / (2 - 2 * kb);
  const v = (r - y) / (2 - 2 * kr);
  return range === 'full'
    ? { y: byte(255 * y), u: byte(128 + 255 * u), v: byte(128 + 255 * v) }
    : { y: byte(16 + 219 * y), u: byte(128 + 224 * u), v: byte(128 + 224 * v) };
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}
