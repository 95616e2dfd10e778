import { describe, expect, it } from 'vitest';
import type { I420Picture } from '../../src/common/index.js';
import { shown } from '../../src/evaluate/view.js';

/** Each plane's pixels count from 0 along its rows. */
function picture(width: number, height: number): I420Picture {
  const plane = (w: number, h: number) => Uint8Array.from({ length: w * h }, (_, k) => k);
  const [cw, ch] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const chroma = () => plane(cw, ch);
  return {
    width,
    height,
    y: plane(width, height),
    u: chroma(),
    v: chroma(),
    range: 'limited',
    matrix: 'bt709',
  };
}

describe('what a view shows of a picture', () => {
  it('all of it is the picture itself', () => {
    const whole = picture(7, 5);
    expect(shown(whole, {})).toBe(whole);
  });

  it('a window is cut out of all planes, odd pictures included', () => {
    const { width, height, y, u, v, range, matrix } = shown(picture(7, 5), { window: [2, 2, 4, 2] });
    expect({ width, height, range, matrix }).toEqual({
      width: 4,
      height: 2,
      range: 'limited',
      matrix: 'bt709',
    });
    expect([...y]).toEqual([16, 17, 18, 19, 23, 24, 25, 26]);
    expect([...u]).toEqual([5, 6]);
    expect([...v]).toEqual([5, 6]);
  });

  it('a cover lies over it, as far as it is inside, and the picture stays as it is', () => {
    const whole = picture(8, 4);
    const view = { cover: [-2, 0, 4, 2], source: [4, 2, 4, 2] } as const;
    const seen = shown(whole, view);
    expect([...seen.y.subarray(0, 10)]).toEqual([22, 23, 2, 3, 4, 5, 6, 7, 30, 31]);
    expect([...seen.u]).toEqual([7, 1, 2, 3, 4, 5, 6, 7]);
    expect(whole).toEqual(picture(8, 4));
  });
});
