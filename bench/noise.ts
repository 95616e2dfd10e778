import type { Box, I420Picture } from '../src/common/index.js';
import type { Model } from '../src/model/index.js';
import { TargetGroup } from '../src/tracker/index.js';

const WIDTH = 640;
const HEIGHT = 360;

/** Pictures of noise: the time of a search does not depend on what is seen. */
export function noisePictures(count: number): I420Picture[] {
  const noise = (length: number, seed: number) =>
    Uint8Array.from({ length }, (_, k) => (Math.imul(k + seed * 7919, 2654435761) >>> 13) & 255);
  const chroma = (WIDTH / 2) * (HEIGHT / 2);
  return Array.from({ length: count }, (_, k) => ({
    width: WIDTH,
    height: HEIGHT,
    y: noise(WIDTH * HEIGHT, k),
    u: noise(chroma, k + 1),
    v: noise(chroma, k + 2),
    range: 'limited',
    matrix: 'bt709',
  }));
}

/** Targets all over a picture. They count as never lost: looking for them in noise is not what is measured. */
export async function groupOf(model: Model, count: number, picture: I420Picture): Promise<TargetGroup> {
  const group = new TargetGroup(model, { states: { tracking: 0, lost: 0 } });
  for (let k = 0; k < count; k++) {
    const box: Box = [60 + 120 * (k % 4), 40 + 70 * (Math.floor(k / 4) % 4), 60, 50];
    await group.add(`t${k}`, picture, box);
  }
  return group;
}
