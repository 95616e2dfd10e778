import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regionsToSearch } from '../../src/tracker/finder.js';

const PICTURE = { width: 640, height: 360 };
const LAST = { cx: 200, cy: 120, w: 40, h: 40 };

describe('the regions a lost target is sought in', () => {
  it('begin where it was seen last and go on around it', () => {
    const regions = regionsToSearch(PICTURE, LAST, 160, 0, 8);
    expect(regions[0]).toEqual({ cx: 200, cy: 120 });
    for (const { cx, cy } of regions.slice(1)) expect(Math.hypot(cx - 200, cy - 120)).toBeLessThan(170);
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
