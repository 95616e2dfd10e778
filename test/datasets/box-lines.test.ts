import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetError, parseBoxLines } from '../../src/datasets/index.js';

describe('parseBoxLines', () => {
  it('moves 1-based corners to 0 and leaves sizes alone', () => {
    expect(parseBoxLines('1,1,16,26\n262,94,16,26\n', 'f')).toEqual([
      [0, 0, 16, 26],
      [261, 93, 16, 26],
    ]);
  });

  it('leaves 0-based corners alone', () => {
    expect(parseBoxLines('0.5,2,16,26', 'f', { oneBased: false })).toEqual([[0.5, 2, 16, 26]]);
  });

  it.each([
    ['commas', '5,6,7,8'],
    ['tabs', '5\t6\t7\t8'],
    ['spaces', '  5 6  7 8 '],
    ['commas and spaces', '5, 6, 7, 8'],
    ['exponents', '5e0,6.,.7e1,8'],
    ['Windows line ends', '5,6,7,8\r\n\r\n'],
    ['a byte order mark', '\uFEFF5,6,7,8'],
  ])('reads %s', (_, text) => {
    expect(parseBoxLines(text, 'f')).toEqual([[4, 5, 7, 8]]);
  });

  it('counts both corner pixels of TLD boxes as inside', () => {
    expect(parseBoxLines('142,125,232,164', 'f', { numbers: 'corners' })).toEqual([[141, 124, 91, 40]]);
  });

  it.each(['NaN,NaN,NaN,NaN', 'nan nan nan nan', '0,0,0,0', '5,5,-1,3'])('reads %s as absent', (line) => {
    expect(parseBoxLines(`5,6,7,8\n${line}`, 'f')).toEqual([[4, 5, 7, 8], null]);
  });

  it.each(['5,6,7', '5,6,7,8,9', '5,6,7,x', '5,,6,7', '5,6,7,0x8', '5,6,7,Infinity'])(
    'names the line of %s',
    (line) => {
      const read = () => parseBoxLines(`5,6,7,8\n5,6,7,8\n${line}\n5,6,7,8`, 'truth.txt');
      expect(read).toThrow(DatasetError);
      expect(read).toThrow(/^truth\.txt:3: expected four numbers x,y,width,height, got /);
    },
  );

  it('refuses a blank line between boxes, which would shift the frames after it', () => {
    expect(() => parseBoxLines('5,6,7,8\n\n5,6,7,8', 'f')).toThrow(/^f:2: /);
  });

  it('reads nothing from an empty text', () => {
    expect(parseBoxLines('\n \n', 'f')).toEqual([]);
  });

  it('reads back whatever numbers were written', () => {
    const number = fc.double({ min: -1e4, max: 1e4, noNaN: true }).map((v) => v + 0);
    const size = fc.double({ min: 0.01, max: 1e4, noNaN: true });
    const separator = fc.constantFrom(',', '\t', ' ', ', ', ';');
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number, size, size)), separator, (boxes, by) => {
        const text = boxes.map((box) => box.join(by)).join('\n');
        expect(parseBoxLines(text, 'f', { oneBased: false })).toEqual(boxes);
      }),
    );
  });
});
