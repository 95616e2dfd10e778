import type { I420Picture } from '../../src/common/index.js';

/** A grey picture of any size with a place in time. */
export function greyFrame(width: number, height: number, { index = 0, pts = 0, luma = 128 } = {}) {
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  const picture: I420Picture = {
    width,
    height,
    y: new Uint8Array(width * height).fill(luma),
    u: new Uint8Array(chroma).fill(128),
    v: new Uint8Array(chroma).fill(128),
    range: 'limited',
    matrix: 'bt601',
  };
  return { ...picture, index, pts, wallTime: 0 };
}
