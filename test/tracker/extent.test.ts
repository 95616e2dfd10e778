import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extentOf, lastingExtent, networkPlace, targetPlace } from '../../src/tracker/extent.js';

const GRID = { size: 5, offset: -32, stride: 16 };
const CELLS = 25;

/** Maps in which every cell gives the same box, of `w` x `h` around `cx, cy`, and all are equally sure. */
function boxes(w: number, h: number, cx = 0, cy = 0): Float32Array {
  const map = new Float32Array(4 * CELLS);
  for (let k = 0; k < CELLS; k++) {
    const x = GRID.offset + (k % GRID.size) * GRID.stride;
    const y = GRID.offset + Math.floor(k / GRID.size) * GRID.stride;
    map[k] = x - (cx - w / 2);
    map[CELLS + k] = y - (cy - h / 2);
    map[2 * CELLS + k] = cx + w / 2 - x;
    map[3 * CELLS + k] = cy + h / 2 - y;
  }
  return map;
}

const sure = new Float32Array(CELLS).fill(0.9);
const side = fc.double({ min: 30, max: 60, noNaN: true });
const offCentre = fc.double({ min: -4, max: 4, noNaN: true });

describe('the extent of what was pointed at', () => {
  it("makes the network's box in the first frame the one that was drawn", () => {
    fc.assert(
      fc.property(side, side, side, side, offCentre, offCentre, (w, h, ownW, ownH, cx, cy) => {
        fc.pre(Math.max(w / ownW, ownW / w, h / ownH, ownH / h) < 1.49);
        fc.pre(Math.abs(cx / w) < 0.19 && Math.abs(cy / h) < 0.19);
        const extent = extentOf(sure, boxes(ownW, ownH, cx, cy), GRID, { w, h });
        const shown = targetPlace({ cx, cy, w: ownW, h: ownH }, extent);
        for (const [got, expected] of [
          [shown.cx, 0],
          [shown.cy, 0],
          [shown.w, w],
          [shown.h, h],
        ])
          expect(got).toBeCloseTo(expected, 3);
      }),
    );
  });

  it('leads from the target to what the network takes it to be, and back', () => {
    const ratio = fc.double({ min: 0.67, max: 1.5, noNaN: true });
    const share = fc.double({ min: -0.2, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(side, side, ratio, ratio, share, share, (w, h, rw, rh, x, y) => {
        const place = { cx: 70, cy: 50, w, h };
        const extent = { w: rw, h: rh, x, y };
        const back = targetPlace(networkPlace(place, extent), extent);
        for (const key of ['cx', 'cy', 'w', 'h'] as const) expect(back[key]).toBeCloseTo(place[key], 9);
      }),
    );
  });

  it('follows the cells that are surest', () => {
    const scores = new Float32Array(CELLS).fill(1e-9);
    scores[12] = 1;
    const mixed = boxes(20, 20);
    for (const [k, value] of boxes(40, 40).entries()) if (k % CELLS === 12) mixed[k] = value;
    const { w, h } = extentOf(scores, mixed, GRID, { w: 44, h: 36 });
    expect([w, h].map((v) => Number(v.toFixed(3)))).toEqual([1.1, 0.9]);
  });

  it('takes what is too far apart for a mistake, and corrects it no further than by half', () => {
    const { w, h, x, y } = extentOf(sure, boxes(10, 300, 40, -40), GRID, { w: 60, h: 60 });
    expect([w, h]).toEqual([1.5, 1 / 1.5]);
    expect([x, y]).toEqual([-0.2, 0.2]);
  });

  it('is half of what several regions show on average: the rest is the moment', () => {
    const lasting = lastingExtent([
      { w: 1.44, h: 1, x: 0.1, y: -0.2 },
      { w: 1, h: 0.64, x: 0.1, y: 0 },
      { w: 1 / 1.44, h: 0.64, x: -0.2, y: 0.2 },
    ]);
    expect(lasting.w).toBeCloseTo(1, 12);
    expect(lasting.h).toBeCloseTo(0.64 ** (1 / 3), 12);
    expect(lasting.x).toBeCloseTo(0, 12);
    expect(lasting.y).toBeCloseTo(0, 12);
  });

  it('changes nothing where the network sees nothing', () => {
    const nothing = { w: 1, h: 1, x: 0, y: 0 };
    expect(extentOf(new Float32Array(CELLS), boxes(40, 40), GRID, { w: 30, h: 30 })).toEqual(nothing);
    expect(extentOf(sure, new Float32Array(4 * CELLS), GRID, { w: 30, h: 30 })).toEqual(nothing);
    const place = { cx: 3, cy: -2, w: 40, h: 30 };
    expect(targetPlace(place, nothing)).toEqual(place);
  });
});
