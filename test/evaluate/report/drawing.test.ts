import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linear, linePath, ticks } from '../../../src/evaluate/report/chart.js';
import { runsOf } from '../../../src/evaluate/report/happenings.js';
import { render, tag } from '../../../src/evaluate/report/markup.js';
import { pack, reduced } from '../../../src/evaluate/report/timeline.js';
import { parsePage } from './outline.js';

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('markup', () => {
  it('gives any text and attribute back as it was, whoever reads it', () => {
    // XML readers turn a carriage return into a line feed, and attributes lose theirs; nothing here has any.
    const text = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((s) => !/[\r\n\t\u007f-\u009f]/.test(s));
    fc.assert(
      fc.property(text, text, (inner, value) => {
        const element = parsePage(render(tag('p', { title: value }, inner)));
        expect([element.text, element.attributes.title]).toEqual([inner, value]);
      }),
    );
  });

  it('leaves out what is not, and shortens numbers', () => {
    const made = tag(
      'i',
      { a: null, b: false, c: true, d: 1.23456, e: undefined },
      null,
      false,
      0.1 + 0.2,
      -0.001,
    );
    expect(render(made)).toBe('<i c="" d="1.23">0.30</i>');
  });
});

describe('scales and lines', () => {
  it('puts ticks at round numbers up to the end', () => {
    expect(ticks(1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(944, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (end) => {
        const all = ticks(end, 10);
        expect(all.length).toBeGreaterThan(3);
        expect(all.length).toBeLessThan(13);
        expect(all.at(-1)!).toBeLessThanOrEqual(end);
      }),
    );
  });

  it('maps a single value too', () => {
    expect(linear([0, 10], [100, 200])(2.5)).toBe(125);
    expect(linear([3, 3], [100, 200])(3)).toBe(100);
  });

  it('breaks a line at gaps', () => {
    expect(linePath([[0, 1], [1, 2.345], null, [3, 4]])).toBe('M0 1L1 2.35M3 4');
  });
});

describe('a timeline of more frames than pixels', () => {
  it('keeps the lowest and highest of each pixel, in order, and gaps', () => {
    const values = fc.array(
      fc.oneof({ weight: 9, arbitrary: share }, { weight: 1, arbitrary: fc.constant(null) }),
      {
        minLength: 1,
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(values, (all) => {
        const x = linear([0, all.length], [0, 50]);
        const points = reduced(all, x, (v) => v);
        const drawn = points.filter((point) => point !== null);
        const known = all.filter((value) => value !== null);
        expect(drawn.length).toBeLessThanOrEqual(known.length);
        if (known.length > 0) {
          expect(Math.max(...drawn.map(([, y]) => y))).toBe(Math.max(...known));
          expect(Math.min(...drawn.map(([, y]) => y))).toBe(Math.min(...known));
        }
        for (let k = 1; k < drawn.length; k++) expect(drawn[k][0]).toBeGreaterThan(drawn[k - 1][0]);
        expect(points.includes(null)).toBe(all.includes(null));
      }),
    );
  });

  it('packs values for reading off in two signs each', () => {
    expect(pack([0, 1, null, 0.5, 2])).toBe('00rs--dwrs');
    fc.assert(
      fc.property(share, (value) => {
        expect(Math.abs(Number.parseInt(pack([value]), 36) / 1000 - value)).toBeLessThanOrEqual(0.0005001);
      }),
    );
  });

  it('knows runs', () => {
    expect(runsOf(['a', 'a', 'b'])).toEqual([
      { start: 0, end: 2, value: 'a' },
      { start: 2, end: 3, value: 'b' },
    ]);
    expect(runsOf([])).toEqual([]);
  });
});
