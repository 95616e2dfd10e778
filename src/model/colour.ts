import type { I420Picture } from '../common/index.js';

/** Red, green, blue, each 0..255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** R = luma * (Y - black) + redV * V', G = ... - greenU * U' - greenV * V', B = ... + blueU * U'; U' = U - 128. */
export interface YcbcrToRgb {
  readonly black: number;
  readonly luma: number;
  readonly redV: number;
  readonly greenU: number;
  readonly greenV: number;
  readonly blueU: number;
}

const WEIGHTS = { bt601: [0.299, 0.114], bt709: [0.2126, 0.0722], bt2020: [0.2627, 0.0593] } as const;

function coefficients(matrix: I420Picture['matrix'], range: I420Picture['range']): YcbcrToRgb {
  const [kr, kb] = WEIGHTS[matrix];
  const kg = 1 - kr - kb;
  const luma = range === 'limited' ? 255 / 219 : 1;
  const chroma = range === 'limited' ? 255 / 224 : 1;
  return {
    black: range === 'limited' ? 16 : 0,
    luma,
    redV: 2 * (1 - kr) * chroma,
    greenU: ((2 * kb * (1 - kb)) / kg) * chroma,
    greenV: ((2 * kr * (1 - kr)) / kg) * chroma,
    blueU: 2 * (1 - kb) * chroma,
  };
}

const TABLE = new Map<string, YcbcrToRgb>();

/** Coefficients of a picture's matrix and range (ITU-R BT.601-7, BT.709-6, BT.2020-2). */
export function ycbcrToRgb(picture: Pick<I420Picture, 'matrix' | 'range'>): YcbcrToRgb {
  const key = picture.matrix + picture.range;
  let found = TABLE.get(key);
  if (!found) {
    found = coefficients(picture.matrix, picture.range);
    TABLE.set(key, found);
  }
  return found;
}

function average(plane: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < plane.length; i++) sum += plane[i];
  return sum / plane.length;
}

/** The mean colour of a picture. */
export function meanColour(picture: I420Picture): Colour {
  const k = ycbcrToRgb(picture);
  const y = k.luma * (average(picture.y) - k.black);
  const u = average(picture.u) - 128;
  const v = average(picture.v) - 128;
  const limit = (value: number) => Math.min(255, Math.max(0, value));
  return [limit(y + k.redV * v), limit(y - k.greenU * u - k.greenV * v), limit(y + k.blueU * u)];
}
