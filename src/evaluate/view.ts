import type { Box, I420Picture } from '../common/index.js';
import type { FrameView } from '../datasets/index.js';

/** A copy of a picture as a view shows it; the picture itself where it shows all of it. */
export function shown(picture: I420Picture, { window, cover, source }: FrameView): I420Picture {
  if (window) return cut(picture, window);
  return cover && source ? pasted(picture, cover, source) : picture;
}

type PlaneName = 'y' | 'u' | 'v';
const PLANES: readonly { readonly name: PlaneName; readonly by: number }[] = [
  { name: 'y', by: 1 },
  { name: 'u', by: 2 },
  { name: 'v', by: 2 },
];

function cut(picture: I420Picture, window: Box): I420Picture {
  const planes = PLANES.map(({ name, by }) => {
    const stride = Math.ceil(picture.width / by);
    const [x, y, w, h] = window.map((value) => value / by);
    const out = new Uint8Array(w * h);
    for (let j = 0; j < h; j++) {
      const start = (y + j) * stride + x;
      out.set(picture[name].subarray(start, start + w), j * w);
    }
    return out;
  });
  const [y, u, v] = planes;
  const { range, matrix } = picture;
  return { width: window[2], height: window[3], range, matrix, y, u, v };
}

function pasted(picture: I420Picture, cover: Box, source: Box): I420Picture {
  const planes = PLANES.map(({ name, by }) => {
    const width = Math.ceil(picture.width / by);
    const height = Math.ceil(picture.height / by);
    const [x, y, w, h] = cover.map((value) => value / by);
    const [sx, sy] = source.map((value) => value / by);
    const plane = picture[name];
    const out = plane.slice();
    const [left, right] = [Math.max(0, x), Math.min(width, x + w)];
    for (let j = Math.max(0, y); right > left && j < Math.min(height, y + h); j++) {
      const start = (sy + j - y) * width + sx + left - x;
      out.set(plane.subarray(start, start + right - left), j * width + left);
    }
    return out;
  });
  const [y, u, v] = planes;
  const { width, height, range, matrix } = picture;
  return { width, height, range, matrix, y, u, v };
}
