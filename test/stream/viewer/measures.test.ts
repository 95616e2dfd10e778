import { describe, expect, it } from 'vitest';
import { Recent, ServerClock } from '../../../src/stream/viewer/measures.js';
import { NewestPicture } from '../../../src/stream/viewer/newest-picture.js';
import { Colours, PALETTE } from '../../../src/stream/viewer/palette.js';

describe("the server's clock", () => {
  it('is known from the answer that was quickest', () => {
    const clock = new ServerClock();
    clock.answer(1000, 1010, 6005);
    clock.answer(2000, 2900, 7000);
    expect(clock.now(3000)).toBe(8000);
    clock.answer(3000, 3002, 8101);
    expect(clock.now(3000)).toBe(8100);
  });
});

describe('what happened of late', () => {
  it('has a rate and a middle value, and is forgotten', () => {
    const recent = new Recent(1000);
    expect(recent.rate(0)).toBeUndefined();
    for (let at = 0; at <= 2000; at += 40) recent.add(at, at === 1800 ? 500 : 8);
    expect(recent.rate(2010)).toBeCloseTo(25);
    expect(recent.median(2010)).toBe(8);
    expect(recent.rate(9000)).toBeUndefined();
  });

  it('falls when it ceases', () => {
    const recent = new Recent(3000);
    for (let at = 0; at <= 1000; at += 100) recent.add(at);
    expect(recent.rate(1100)).toBeCloseTo(10);
    expect(recent.rate(2900)).toBeLessThan(5);
  });
});

describe('decoding pictures', () => {
  it('goes on with the newest of those that came meanwhile, in order, and leaves out what is broken', async () => {
    const finish: (() => void)[] = [];
    const shown: number[] = [];
    const pictures = new NewestPicture<number, number>(
      ([value]) =>
        new Promise((resolve, reject) => {
          finish.push(() => (value === 13 ? reject(new Error('broken')) : resolve(value)));
        }),
      ({ header, picture }) => {
        expect(picture).toBe(header);
        shown.push(picture);
      },
    );
    const settle = async () => {
      finish.shift()?.();
      await new Promise((resolve) => setTimeout(resolve));
    };
    for (const value of [1, 2, 3]) pictures.push(value, Uint8Array.of(value));
    await settle();
    await settle();
    expect(shown).toEqual([1, 3]);
    pictures.push(13, Uint8Array.of(13));
    pictures.push(14, Uint8Array.of(14));
    await settle();
    await settle();
    expect(shown).toEqual([1, 3, 14]);
    pictures.push(15, Uint8Array.of(15));
    pictures.clear();
    await settle();
    expect(shown).toEqual([1, 3, 14]);
  });
});

describe('the colours of targets', () => {
  it('are kept while a target is there, and given again when it has gone', () => {
    const colours = new Colours();
    const [a, b] = [colours.of('a'), colours.of('b')];
    expect([colours.of('a'), b === a]).toEqual([a, false]);
    colours.release('a');
    expect(colours.of('c')).toBe(a);
    for (let k = 0; k < 50; k++) expect(PALETTE).toContain(colours.of(`more ${k}`));
  });

  const linear = (hex: string) =>
    [1, 3, 5].map((k) => {
      const value = Number.parseInt(hex.slice(k, k + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
  const luminance = (hex: string) => {
    const [r, g, b] = linear(hex);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  it('let dark text be read on them', () => {
    for (const colour of PALETTE)
      expect((luminance(colour) + 0.05) / (luminance('#101418') + 0.05), colour).toBeGreaterThan(7);
  });

  /** Linear RGB as it is seen without cones of one kind: Machado, Oliveira, Fernandes 2009, severity 1. */
  const BLINDNESS = {
    none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
    deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
    tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
  };

  /** CIELAB of a colour as it is seen so. */
  function lab(hex: string, m: readonly number[]): number[] {
    const [r, g, b] = linear(hex);
    const seen = [0, 3, 6].map((k) => Math.min(1, Math.max(0, m[k] * r + m[k + 1] * g + m[k + 2] * b)));
    const xyz = [
      (0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.9505,
      0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2],
      (0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.089,
    ].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116));
    return [116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])];
  }

  it.each(Object.entries(BLINDNESS))('differ with colour blindness: %s', (_, matrix) => {
    const seen = PALETTE.map((colour) => lab(colour, matrix));
    const near: string[] = [];
    for (let a = 0; a < seen.length; a++)
      for (let b = 0; b < a; b++) {
        const distance = Math.hypot(...seen[a].map((value, k) => value - seen[b][k]));
        if (distance < 10) near.push(`${PALETTE[a]} ${PALETTE[b]}: ${distance.toFixed(1)}`);
      }
    expect(near).toEqual([]);
  });
});
