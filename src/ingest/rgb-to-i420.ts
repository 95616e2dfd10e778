import { i420Size } from './frame-pool.js';

// ITU-R BT.601 luma weights and the chroma rows that follow from them (JFIF 1.02, section 7), in 1/65536.
const YR = 19595;
const YG = 38470;
const YB = 7471;
const UR = -11058;
const UG = -21710;
const VG = -27439;
const VB = -5329;
const HALF = 32768;

/**
 * Full-range BT.601 I420 from packed pixels (8 bits a channel, rows without padding). Chroma is the mean of each
 * 2 x 2 block, of its existing pixels at an odd edge.
 *
 * @param pixels `width * height * channels` bytes; 1 or 2 channels are grey (+ alpha), 3 or 4 are RGB (+ alpha);
 *   alpha is ignored
 * @param out `i420Size(width, height)` bytes, overwritten
 */
export function rgbToI420(
  pixels: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 2 | 3 | 4,
  out: Uint8Array = new Uint8Array(i420Size(width, height)),
): Uint8Array {
  if (channels === 1 || channels === 2) return greyToI420(pixels, width * height, channels, out);
  const cw = (width + 1) >> 1;
  const uStart = width * height;
  const vStart = uStart + cw * ((height + 1) >> 1);
  for (let y0 = 0; y0 < height; y0 += 2) {
    const rows = y0 + 1 < height ? 2 : 1;
    for (let x0 = 0; x0 < width; x0 += 2) {
      const columns = x0 + 1 < width ? 2 : 1;
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let y = y0; y < y0 + rows; y++) {
        let i = (y * width + x0) * channels;
        for (let x = x0; x < x0 + columns; x++, i += channels) {
          const r = pixels[i];
          const g = pixels[i + 1];
          const b = pixels[i + 2];
          out[y * width + x] = (YR * r + YG * g + YB * b + HALF) >> 16;
          red += r;
          green += g;
          blue += b;
        }
      }
      const n = rows * columns;
      const c = (y0 >> 1) * cw + (x0 >> 1);
      const u = ((UR * red + UG * green + HALF * blue) / n + HALF) >> 16;
      const v = ((HALF * red + VG * green + VB * blue) / n + HALF) >> 16;
      // A saturated primary rounds to +128, one past the byte.
      out[uStart + c] = u > 127 ? 255 : u + 128;
      out[vStart + c] = v > 127 ? 255 : v + 128;
    }
  }
  return out;
}

function greyToI420(pixels: Uint8Array, count: number, channels: 1 | 2, out: Uint8Array): Uint8Array {
  if (channels === 1) out.set(pixels.subarray(0, count));
  else for (let i = 0; i < count; i++) out[i] = pixels[2 * i];
  return out.fill(128, count);
}
