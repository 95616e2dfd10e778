import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { I420Picture } from '../../../src/common/index.js';
import { makePicture, previewWidth } from '../../../src/stream/server/preview.js';

function flat(y: number, u: number, v: number, more: Partial<I420Picture> = {}): I420Picture {
  const [width, height] = [more.width ?? 101, more.height ?? 77];
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  return {
    ...{ width, height, range: 'limited', matrix: 'bt709' },
    y: new Uint8Array(width * height).fill(y),
    u: new Uint8Array(chroma).fill(u),
    v: new Uint8Array(chroma).fill(v),
    ...more,
  };
}

it.each([
  ['white', flat(235, 128, 128), [255, 255, 255]],
  ['black', flat(16, 128, 128), [0, 0, 0]],
  ['red of BT.709', flat(63, 102, 240), [255, 0, 0]],
  ['blue of BT.601', flat(41, 240, 110, { matrix: 'bt601' }), [0, 0, 255]],
  ['green of full range', flat(150, 44, 21, { matrix: 'bt601', range: 'full' }), [0, 255, 0]],
])('keeps %s', async (_, picture, colour) => {
  const { jpeg, width, height } = await makePicture(picture, 50, 95);
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([width, height, 3]);
  expect([width, height]).toEqual([50, 38]);
  for (const channel of [0, 1, 2])
    expect(Math.abs(data[3 * 900 + channel] - colour[channel])).toBeLessThan(8);
});

it('keeps things where they are', async () => {
  const picture = flat(16, 128, 128, { width: 320, height: 240 });
  for (let row = 60; row < 120; row++) picture.y.fill(235, row * 320 + 160, row * 320 + 240);
  const { jpeg } = await makePicture(picture, 160, 90);
  const { data } = await sharp(jpeg).greyscale().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => data[y * 160 + x];
  expect([at(82, 32), at(117, 57)].every((value) => value > 200)).toBe(true);
  expect([at(77, 32), at(123, 57), at(100, 27), at(100, 63)].every((value) => value < 50)).toBe(true);
});

it('is never wider than wished, nor than the frame', () => {
  expect([
    previewWidth(640, 1920),
    previewWidth(700, 1920),
    previewWidth(5000, 320),
    previewWidth(20, 320),
  ]).toEqual([640, 640, 320, 20]);
});
