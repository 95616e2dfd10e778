/** Interleaved RGB 0..255, rows packed. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Float32Array;
}

/** Where a crop looks: centre in picture pixels, picture pixels per crop pixel along x and y, rotation, mirror. */
export interface View {
  readonly cx: number;
  readonly cy: number;
  readonly scaleX: number;
  readonly scaleY: number;
  /** Radians, clockwise on screen. */
  readonly angle: number;
  readonly flip: boolean;
}

/**
 * Samples a `size` x `size` crop bilinearly into interleaved RGB floats 0..255; what lies outside the picture is
 * `fill`. The crop's centre pixel `(size - 1) / 2` looks at `cx, cy`, both in pixel-index coordinates.
 */
export function sampleCrop(
  picture: RgbPicture,
  view: View,
  size: number,
  fill: readonly number[],
  out: Float32Array,
  at: number,
): void {
  const { width, height, data } = picture;
  const half = (size - 1) / 2;
  const cos = Math.cos(view.angle);
  const sin = Math.sin(view.angle);
  const mirror = view.flip ? -1 : 1;
  const stepX = cos * view.scaleX * mirror;
  const stepY = sin * view.scaleX * mirror;
  const maxX = width - 1;
  const maxY = height - 1;
  let o = at;
  for (let j = 0; j < size; j++) {
    const dy = (j - half) * view.scaleY;
    let x = view.cx - half * stepX - sin * dy;
    let y = view.cy - half * stepY + cos * dy;
    for (let i = 0; i < size; i++, x += stepX, y += stepY, o += 3) {
      if (!(x >= 0 && y >= 0 && x <= maxX && y <= maxY)) {
        out[o] = fill[0];
        out[o + 1] = fill[1];
        out[o + 2] = fill[2];
        continue;
      }
      const x0 = x | 0;
      const y0 = y | 0;
      const fx = x - x0;
      const fy = y - y0;
      const a = (y0 * width + x0) * 3;
      const right = x0 < maxX ? 3 : 0;
      const below = y0 < maxY ? width * 3 : 0;
      const c = a + below;
      const w11 = fx * fy;
      const w10 = fy - w11;
      const w01 = fx - w11;
      const w00 = 1 - fx - w10;
      out[o] = data[a] * w00 + data[a + right] * w01 + data[c] * w10 + data[c + right] * w11;
      out[o + 1] =
        data[a + 1] * w00 + data[a + right + 1] * w01 + data[c + 1] * w10 + data[c + right + 1] * w11;
      out[o + 2] =
        data[a + 2] * w00 + data[a + right + 2] * w01 + data[c + 2] * w10 + data[c + right + 2] * w11;
    }
  }
}

/** Mean colour of a picture, from a grid of at most some thousand pixels. */
export function meanColour(picture: RgbPicture): [number, number, number] {
  const { width, height, data } = picture;
  const step = Math.max(1, Math.floor(Math.sqrt((width * height) / 4096)));
  const sum: [number, number, number] = [0, 0, 0];
  let n = 0;
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step, n++) {
      const p = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) sum[c] += data[p + c];
    }
  }
  return [sum[0] / n, sum[1] / n, sum[2] / n];
}
