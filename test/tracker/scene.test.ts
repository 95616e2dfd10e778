import { describe, expect, it } from 'vitest';
import type { I420Picture } from '../../src/common/index.js';
import { loadScene, rememberScene, storeScene, wasThere } from '../../src/tracker/scene.js';
import { drawPicture, noisePicture, type Rgb } from '../model/pictures.js';

const [W, H] = [640, 360];
const GREY: Rgb = [90, 100, 110];
const RED: Rgb = [220, 40, 30];
const WHITE: Rgb = [240, 240, 240];
/** A trunk that always stands there, and a target somewhere. */
const TRUNK = { box: [400, 100, 80, 100] as const, colour: [30, 30, 30] as Rgb };
const trunk = { cx: 440, cy: 150, w: 100, h: 120 };
const scene = (...things: { box: readonly [number, number, number, number]; colour: Rgb }[]): I420Picture =>
  drawPicture(W, H, GREY, things);
const target = { cx: 120, cy: 200, w: 60, h: 60 };
const TARGET = { box: [90, 170, 60, 60] as const, colour: RED };

describe('what was there while the target was elsewhere', () => {
  const before = rememberScene(scene(TRUNK, TARGET), target);

  it('is told', () => {
    expect(wasThere(before, scene(TRUNK), trunk)).toBe(true);
  });

  it('is told in another light, and in one more or less noisy', () => {
    const darker = scene(TRUNK);
    for (const [k, luma] of darker.y.entries()) darker.y[k] = 16 + (luma - 16) * 0.7;
    expect(wasThere(before, darker, trunk)).toBe(true);
    const noisy = scene(TRUNK);
    const noise = noisePicture(W, H, 3);
    for (const [k, luma] of noisy.y.entries()) noisy.y[k] = luma + (noise.y[k] >> 4) - 8;
    expect(wasThere(before, noisy, trunk)).toBe(true);
  });

  it('is not what came there since', () => {
    const come = { box: [410, 110, 60, 60] as const, colour: WHITE };
    expect(wasThere(before, scene(TRUNK, come), trunk)).toBe(false);
    const elsewhere = { box: [250, 40, 60, 60] as const, colour: RED };
    expect(wasThere(before, scene(TRUNK, elsewhere), { cx: 280, cy: 70, w: 60, h: 60 })).toBe(false);
  });

  it('is not where the target itself was, nor right beside it', () => {
    expect(wasThere(before, scene(TRUNK, TARGET), target)).toBe(false);
    expect(wasThere(before, scene(TRUNK, TARGET), { ...target, cx: target.cx + 70 })).toBe(false);
  });

  it('is told of plain ground, too', () => {
    expect(wasThere(before, scene(TRUNK), { cx: 560, cy: 300, w: 80, h: 60 })).toBe(true);
  });

  it('cannot be told of a few samples, beyond the picture, of another shape of picture or of one that moved', () => {
    expect(wasThere(before, scene(TRUNK), { ...trunk, w: 12, h: 12 })).toBe(false);
    expect(wasThere(before, scene(TRUNK), { cx: 900, cy: 150, w: 80, h: 80 })).toBe(false);
    expect(wasThere(before, drawPicture(360, 640, GREY, []), { cx: 300, cy: 500, w: 80, h: 80 })).toBe(false);
    const panned = { ...TRUNK, box: [340, 100, 80, 100] as const };
    expect(wasThere(before, scene(panned), trunk)).toBe(false);
  });

  it('is told of the same picture in another size', () => {
    const half = drawPicture(W / 2, H / 2, GREY, [{ box: [200, 50, 40, 50], colour: [30, 30, 30] }]);
    expect(wasThere(before, half, { cx: 220, cy: 75, w: 50, h: 60 })).toBe(true);
  });

  it('is told by a scene that was stored', () => {
    const stored = JSON.parse(JSON.stringify(storeScene(before)));
    expect(loadScene(stored)).toEqual(before);
    expect(() => loadScene({ ...stored, width: 9 })).toThrow(/expected 810 bytes of a scene/i);
  });

  it('is kept small, whatever the picture', () => {
    const { width, height, luma } = rememberScene(drawPicture(1920, 1080, GREY, []), target);
    expect([width, height, luma.length]).toEqual([160, 90, 160 * 90]);
    expect(rememberScene(drawPicture(40, 20, GREY, []), target)).toMatchObject({ width: 40, height: 20 });
  });
});
