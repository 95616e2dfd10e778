import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regionsToSearch } from '../../src/tracker/finder.js';

const PICTURE = { width: 640, height: 360 };
const LAST = { cx: 200, cy: 120, w: 40, h: 40 };

describe('the regions a lost target is sought in', () => {
  it('begin where it was seen last and go on around it', () => {
    const regions = regionsToSearch(PICTURE, LAST, 160, 0, 8);
    expect(regions[0]).toEqual({ cx: 200, cy: 120, scale: 1 });
    for (const { cx, cy } of regions.slice(1)) expect(Math.hypot(cx - 200, cy - 120)).toBeLessThan(170);
  });

  it('show the last place larger and smaller within some frames, and all of the picture in the end', () => {
    const soon = regionsToSearch(PICTURE, LAST, 160, 0, 24);
    const there = soon.filter(({ cx, cy }) => cx === 200 && cy === 120).map(({ scale }) => scale);
    expect(Math.max(...there)).toBeCloseTo(1.5);
    expect(Math.min(...there)).toBeCloseTo(1 / 1.5);
    const all = Array.from({ length: 150 }, (_, k) => regionsToSearch(PICTURE, LAST, 160, 4 * k, 4)).flat();
    for (const scale of [Math.max(...there), Math.min(...there)]) {
      const reach = (160 * scale) / 4 + 1e-6;
      const shown = all.filter((region) => region.scale === scale);
      for (const x of [0, 639])
        for (const y of [0, 359])
          expect(shown.some((r) => Math.abs(r.cx - x) <= reach && Math.abs(r.cy - y) <= reach)).toBe(true);
    }
  });

  it('come by every point of the picture, in its middle half, whatever the sizes', () => {
    const size = fc.integer({ min: 40, max: 800 });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(size, size, share, share, share, share, (width, height, px, py, x, y) => {
        const side = 160;
        const picture = { width, height };
        const last = { cx: px * width, cy: py * height, w: 40, h: 40 };
        const turns = 2 * Math.ceil((width / 80 + 2) * (height / 80 + 2));
        const regions = regionsToSearch(picture, last, side, 0, 2 * turns);
        return regions.some(
          (r) =>
            Math.abs(r.cx - x * width) <= side / 4 + 1e-6 && Math.abs(r.cy - y * height) <= side / 4 + 1e-6,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('come back to the near ones while the far ones are swept', () => {
    const near = (turn: number) => {
      const regions = regionsToSearch(PICTURE, LAST, 160, turn, 4);
      return regions.filter(({ cx, cy }) => Math.hypot(cx - 200, cy - 120) < 120).length;
    };
    for (let turn = 100; turn < 140; turn += 4) expect(near(turn)).toBeGreaterThanOrEqual(1);
  });
});
