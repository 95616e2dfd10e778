import type { Box, I420Picture } from '../common/index.js';
import { toYuv } from './colour.js';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyph } from './font.js';

/**
 * Fills the part of a rectangle that lies in the picture. Edges are rounded to whole pixels; a chroma sample is coloured where the
 * rectangle covers its first pixel.
 *
 * @param rgb `0xRRGGBB`
 */
export function fillBox(picture: I420Picture, box: Box, rgb: number): void {
  const x0 = clamp(Math.round(box[0]), picture.width);
  const x1 = clamp(Math.round(box[0] + box[2]), picture.width);
  const y0 = clamp(Math.round(box[1]), picture.height);
  const y1 = clamp(Math.round(box[1] + box[3]), picture.height);
  if (x1 <= x0) return;
  const { y, u, v } = toYuv(rgb, picture);
  for (let row = y0; row < y1; row++) {
    picture.y.fill(y, row * picture.width + x0, row * picture.width + x1);
  }
  const stride = (picture.width + 1) >> 1;
  for (let row = (y0 + 1) >> 1; row < (y1 + 1) >> 1; row++) {
    picture.u.fill(u, row * stride + ((x0 + 1) >> 1), row * stride + ((x1 + 1) >> 1));
    picture.v.fill(v, row * stride + ((x0 + 1) >> 1), row * stride + ((x1 + 1) >> 1));
  }
}

/** Draws a rectangle's outline, `thickness` pixels wide and centred on its edges. */
export function strokeBox(picture: I420Picture, box: Box, rgb: number, thickness: number): void {
  const [x, y, w, h] = box;
  const half = thickness / 2;
  fillBox(picture, [x - half, y - half, w + thickness, thickness], rgb);
  fillBox(picture, [x - half, y + h - half, w + thickness, thickness], rgb);
  fillBox(picture, [x - half, y - half, thickness, h + thickness], rgb);
  fillBox(picture, [x + w - half, y - half, thickness, h + thickness], rgb);
}

/** Size in pixels of a {@link drawText} with its background, at `scale` pixels a dot. */
export function textSize(text: string, scale: number): readonly [width: number, height: number] {
  return [([...text].length * (GLYPH_WIDTH + 1) + 1) * scale, (GLYPH_HEIGHT + 2) * scale];
}

/** Draws one line of text on a filled background whose top-left corner is `x, y`. */
export function drawText(
  picture: I420Picture,
  text: string,
  [x, y]: readonly [x: number, y: number],
  { scale, colour, background }: { scale: number; colour: number; background: number },
): void {
  fillBox(picture, [x, y, ...textSize(text, scale)], background);
  [...text].forEach((character, n) => {
    const left = x + (1 + n * (GLYPH_WIDTH + 1)) * scale;
    glyph(character).forEach((bits, row) => {
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if (bits & (1 << (GLYPH_WIDTH - 1 - column))) {
          fillBox(picture, [left + column * scale, y + (1 + row) * scale, scale, scale], colour);
        }
      }
    });
  });
}

function clamp(value: number, limit: number): number {
  return Math.max(0, Math.min(limit, value));
}
