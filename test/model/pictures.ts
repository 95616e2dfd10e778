import type { Box, I420Picture } from '../../src/common/index.js';

export type Rgb = readonly [number, number, number];

/** Full-range BT.601 picture of one colour with filled boxes; box edges are rounded to even pixels. */
export function drawPicture(
  width: number,
  height: number,
  background: Rgb,
  boxes: readonly { readonly box: Box; readonly colour: Rgb }[] = [],
): I420Picture {
  const cw = (width + 1) >> 1;
  const ch = (height + 1) >> 1;
  const y = new Uint8Array(width * height);
  const u = new Uint8Array(cw * ch);
  const v = new Uint8Array(cw * ch);
  const paint = ([bx, by, bw, bh]: Box, [r, g, b]: Rgb) => {
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    const even = (value: number, top: number) => Math.max(0, Math.min(top, 2 * Math.round(value / 2)));
    const x0 = even(bx, width);
    const x1 = bx + bw >= width ? width : even(bx + bw, width);
    const y0 = even(by, height);
    const y1 = by + bh >= height ? height : even(by + bh, height);
    for (let j = y0; j < y1; j++) y.fill(Math.round(luma), j * width + x0, j * width + x1);
    for (let j = y0 >> 1; j < (y1 + 1) >> 1; j++) {
      u.fill(Math.round(128 + (b - luma) / 1.772), j * cw + (x0 >> 1), j * cw + ((x1 + 1) >> 1));
      v.fill(Math.round(128 + (r - luma) / 1.402), j * cw + (x0 >> 1), j * cw + ((x1 + 1) >> 1));
    }
  };
  paint([0, 0, width, height], background);
  for (const { box, colour } of boxes) if (box[2] > 0 && box[3] > 0) paint(box, colour);
  return { width, height, y, u, v, range: 'full', matrix: 'bt601' };
}

/** A picture of noise that is the same for the same seed. */
export function noisePicture(
  width: number,
  height: number,
  seed: number,
  range: I420Picture['range'] = 'full',
  matrix: I420Picture['matrix'] = 'bt601',
): I420Picture {
  let state = (seed * 2654435761 + 1) >>> 0;
  const noise = (length: number) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  return { width, height, y: noise(width * height), u: noise(chroma), v: noise(chroma), range, matrix };
}
