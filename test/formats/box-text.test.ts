import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { parseBoxLines } from '../../src/datasets/index.js';
import { formatBoxes, formatScores, parseBox } from '../../src/formats/index.js';

describe('formatBoxes', () => {
  it('writes 1-based corners without needless decimals', () => {
    expect(formatBoxes([[261, 93, 16, 26], null, [0.25, -1.00004, 3, 4]])).toBe(
      '262,94,16,26\nNaN,NaN,NaN,NaN\n1.25,0,3,4\n',
    );
  });

  it('writes 0-based corners where asked to', () => {
    expect(formatBoxes([[0, 0, 1, 1]], { oneBased: false })).toBe('0,0,1,1\n');
  });

  it('is read back by the reader of annotations within half of the last decimal', () => {
    const side = fc.double({ min: 0.001, max: 5000, noNaN: true });
    const corner = fc.double({ min: -5000, max: 5000, noNaN: true });
    const box = fc.option(fc.tuple(corner, corner, side, side));
    fc.assert(
      fc.property(fc.array(box), fc.boolean(), (boxes: (Box | null)[], oneBased) => {
        const read = parseBoxLines(formatBoxes(boxes, { oneBased }), 'f', { oneBased });
        expect(read.length).toBe(boxes.length);
        boxes.forEach((wanted, k) => {
          if (wanted === null) expect(read[k]).toBeNull();
          else wanted.forEach((value, i) => void expect(read[k]![i]).toBeCloseTo(value, 3.9));
        });
      }),
    );
  });
});

describe('formatScores', () => {
  it('writes one score a line', () => {
    expect(formatScores([1, 0.12345678, 0])).toBe('1\n0.123457\n0\n');
  });
});

describe('parseBox', () => {
  it('reads pixels, spaces and all', () => {
    expect(parseBox('--box', '10, 20.5,30 ,4e1')).toEqual([10, 20.5, 30, 40]);
    expect(parseBox('--box', '-5,-5,10,10')).toEqual([-5, -5, 10, 10]);
  });

  it.each([
    '',
    '1,2,3',
    '1,2,3,4,5',
    'a,b,c,d',
    '1,2,0,4',
    '1,2,3,-4',
    'NaN,1,2,3',
    '1,2,Infinity,3',
    '1,,2,3',
  ])('refuses %j', (text) => {
    expect(() => parseBox('--box', text)).toThrow(/^--box: expected x,y,width,height/);
  });
});
