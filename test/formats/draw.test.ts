import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toYuv } from '../../src/formats/colour.js';
import { drawText, fillBox, strokeBox, textSize } from '../../src/formats/draw.js';
import { annotate, copyPicture } from '../../src/formats/index.js';
import { greyFrame } from './pictures.js';

describe('toYuv', () => {
  it.each([
    ['white', 0xffffff, 'limited', 'bt709', { y: 235, u: 128, v: 128 }],
    ['black', 0x000000, 'limited', 'bt601', { y: 16, u: 128, v: 128 }],
    ['red', 0xff0000, 'full', 'bt601', { y: 76, u: 85, v: 255 }],
    ['blue', 0x0000ff, 'limited', 'bt709', { y: 32, u: 240, v: 118 }],
    ['green', 0x00ff00, 'limited', 'bt601', { y: 145, u: 54, v: 34 }],
  ] as const)('codes %s', (_, rgb, range, matrix, expected) => {
    expect(toYuv(rgb, { range, matrix })).toEqual(expected);
  });
});

describe('fillBox', () => {
  it('fills exactly the pixels of the box', () => {
    const picture = greyFrame(8, 6);
    fillBox(picture, [2, 1, 4, 2], 0xffffff);
    const changed = [...picture.y].flatMap((value, k) => (value === 235 ? [k] : []));
    expect(changed).toEqual([10, 11, 12, 13, 18, 19, 20, 21]);
  });

  it('stays inside the picture wherever the box is', () => {
    const number = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(number, number, fc.nat(60), fc.nat(60), (x, y, w, h) => {
        const picture = greyFrame(7, 5);
        fillBox(picture, [x, y, w, h], 0xffffff);
        for (let row = 0; row < 5; row++) {
          for (let column = 0; column < 7; column++) {
            const inside = column >= x && column < x + w && row >= y && row < y + h;
            expect(picture.y[row * 7 + column]).toBe(inside ? 235 : 128);
          }
        }
      }),
    );
  });
});

describe('strokeBox', () => {
  it('leaves the inside alone', () => {
    const picture = greyFrame(20, 20);
    strokeBox(picture, [5, 5, 10, 10], 0xffffff, 2);
    expect(picture.y[10 * 20 + 10]).toBe(128);
    for (const at of [5 * 20 + 10, 10 * 20 + 5, 14 * 20 + 10, 10 * 20 + 14]) expect(picture.y[at]).toBe(235);
  });
});

describe('drawText', () => {
  it('draws the letters it is given', () => {
    const picture = greyFrame(13, 9);
    drawText(picture, 'T1', [0, 0], { scale: 1, colour: 0xffffff, background: 0 });
    expect(textSize('T1', 1)).toEqual([13, 9]);
    const art = Array.from({ length: 9 }, (_, row) =>
      [...picture.y.subarray(row * 13, row * 13 + 13)].map((value) => (value === 235 ? '#' : '.')).join(''),
    );
    expect(art).toEqual([
      '.............',
      '.#####...#...',
      '...#....##...',
      '...#.....#...',
      '...#.....#...',
      '...#.....#...',
      '...#.....#...',
      '...#....###..',
      '.............',
    ]);
  });
});

describe('annotate', () => {
  it('gives each target its own colour and never fails at the edges', () => {
    const picture = greyFrame(65, 49);
    const state = 'tracking' as const;
    const targets = [
      { id: 'a', box: [10, 20, 20, 20] as const, score: 0.5, state },
      { id: 'ü€', label: 'long name that cannot fit', box: [-40, -40, 500, 500] as const, score: 1, state },
      { id: 'gone', box: [1000, 1000, 5, 5] as const, score: 0, state: 'lost' as const },
    ];
    const before = copyPicture(picture);
    annotate(picture, targets.slice(0, 1), () => 0);
    const first = picture.y[30 * 65 + 10];
    annotate(picture, targets.slice(0, 1), () => 1);
    expect(picture.y[30 * 65 + 10]).not.toBe(first);
    expect(before.y.every((value) => value === 128)).toBe(true);
    annotate(picture, targets, (id) => id.length);
  });
});
