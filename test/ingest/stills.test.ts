import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { i420Size, openSource, rgbToI420 } from '../../src/ingest/index.js';
import { ffmpeg, readAll, scratch } from './clips.js';

let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
});

afterAll(() => remove());

/** A picture of one colour. */
function plain(width: number, height: number, value: number) {
  return sharp({ create: { width, height, channels: 3, background: { r: value, g: value, b: value } } });
}

async function fresh(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  return path;
}

describe('a folder of stills', () => {
  it('is read in natural order, each picture in its own size, and nothing but pictures', async () => {
    const path = await fresh('order');
    const names = ['1.png', '2.jpg', '10.webp', '010.tiff', '11.png'];
    for (const [index, name] of names.entries()) {
      await plain(16 + index, 9, 20 * index + 10).toFile(join(path, name));
    }
    await writeFile(join(path, '.hidden.jpg'), 'not shown');
    await writeFile(join(path, 'notes.txt'), 'not a picture');
    await mkdir(join(path, '3.jpg'));
    const read = await readAll(path, { fps: 10 });
    expect(read.error).toBeUndefined();
    expect(read.sizes).toEqual(['16x9', '17x9', '19x9', '18x9', '20x9']);
    expect(read.indexes).toEqual([0, 1, 2, 3, 4]);
    expect(read.times).toEqual([0, 0.1, 0.2, 0.3, 0.4]);
    expect([...read.ranges, ...read.matrices]).toEqual(['full', 'bt601']);
    expect(read.info).toMatchObject({ kind: 'stills', width: 16, height: 9, frameCount: 5, frameRate: 10 });
  });

  it('reads grey, alpha, palette, 16-bit and BMP pictures as the colour they show', async () => {
    const path = await fresh('kinds');
    const colour = { create: { width: 8, height: 8, channels: 3 as const, background: '#c86432' } };
    const base = await sharp(colour).png().toBuffer();
    await sharp(base).ensureAlpha(0.5).png().toFile(join(path, '1.png'));
    await sharp(base).png({ palette: true }).toFile(join(path, '2.png'));
    await sharp(base).toColourspace('rgb16').png().toFile(join(path, '3.png'));
    await sharp(base).png().toFile(join(path, '4.png'));
    await ffmpeg('-i', join(path, '4.png'), join(path, '5.bmp'));
    const source = await openSource(path);
    for await (const frame of source) {
      // 0.299 * 200 + 0.587 * 100 + 0.114 * 50
      expect(Math.abs(frame.y[0] - 124)).toBeLessThanOrEqual(1);
      expect(Math.abs(frame.u[0] - 86)).toBeLessThanOrEqual(1);
      expect(Math.abs(frame.v[0] - 182)).toBeLessThanOrEqual(1);
      frame.release();
    }
    const grey = join(path, 'grey.jpg');
    await sharp(base).greyscale().jpeg({ quality: 100 }).toFile(grey);
    const read = await readAll(grey);
    expect(read.indexes).toEqual([0]);
    expect(new Set(read.planes.subarray(64))).toEqual(new Set([128]));
  });

  it('turns pictures upright by their EXIF orientation', async () => {
    const path = join(folder, 'turned.jpg');
    const left = await sharp({ create: { width: 8, height: 16, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    // White on the left, black on the right; orientation 6 turns it clockwise: white comes to the top.
    await sharp({ create: { width: 32, height: 16, channels: 3, background: '#000' } })
      .composite([{ input: left, left: 0, top: 0 }])
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toFile(path);
    const read = await readAll(path);
    expect(read.sizes).toEqual(['16x32']);
    expect(read.planes[3 * 16 + 8]).toBeGreaterThan(240);
    expect(read.planes[20 * 16 + 8]).toBeLessThan(15);
  });

  it('with one corrupt picture yields those before it, then an error that names it', async () => {
    const path = await fresh('corrupt');
    for (const index of [0, 1, 2, 3]) {
      const picture = await plain(64, 64, 100).jpeg().toBuffer();
      await writeFile(join(path, `${index}.jpg`), index === 2 ? picture.subarray(0, 200) : picture);
    }
    const read = await readAll(path);
    expect(read.indexes).toEqual([0, 1]);
    expect(read.error).toMatchObject({
      code: 'DECODE_FAILED',
      frame: 2,
      message: expect.stringContaining('2.jpg'),
    });
  });

  it('without pictures is one clear error', async () => {
    await expect(openSource(await fresh('empty'))).rejects.toMatchObject({ code: 'EMPTY_FOLDER' });
  });

  it('starts at a frame or a time, and may be closed on the way', async () => {
    const path = await fresh('start');
    for (const index of [0, 1, 2, 3, 4]) await plain(8, 8, 10 * index).toFile(join(path, `${index}.png`));
    expect((await readAll(path, { start: { frame: 3 } })).indexes).toEqual([3, 4]);
    expect((await readAll(path, { start: { seconds: 0.05 } })).indexes).toEqual([2, 3, 4]);
    expect((await readAll(path, { start: { seconds: 0.04 } })).indexes).toEqual([1, 2, 3, 4]);
    const source = await openSource(path);
    for await (const frame of source) {
      frame.release();
      break;
    }
    await source.close();
    const held = await openSource(path, { maxFrames: 2 });
    const all = async () => {
      for await (const frame of held) frame.retain();
    };
    await expect(all()).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
  });
});

describe('rgbToI420', () => {
  it('follows JFIF to half a step, with chroma the mean of each block', () => {
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.constantFrom(3 as const, 4 as const),
        fc.infiniteStream(fc.nat(255)),
        (w, h, n, noise) => {
          const pixels = Uint8Array.from({ length: w * h * n }, () => noise.next().value as number);
          const out = rgbToI420(pixels, w, h, n);
          expect(out.length).toBe(i420Size(w, h));
          const cw = Math.ceil(w / 2);
          const ch = Math.ceil(h / 2);
          for (let by = 0; by < ch; by++) {
            for (let bx = 0; bx < cw; bx++) {
              const mean = [0, 0, 0];
              let count = 0;
              for (let y = 2 * by; y < Math.min(2 * by + 2, h); y++) {
                for (let x = 2 * bx; x < Math.min(2 * bx + 2, w); x++) {
                  const [r, g, b] = pixels.subarray((y * w + x) * n);
                  expect(Math.abs(out[y * w + x] - (0.299 * r + 0.587 * g + 0.114 * b))).toBeLessThan(0.51);
                  [r, g, b].forEach((value, i) => {
                    mean[i] += value;
                  });
                  count++;
                }
              }
              const [r, g, b] = mean.map((value) => value / count);
              const u = Math.min(255, 128 - 0.168736 * r - 0.331264 * g + 0.5 * b);
              const v = Math.min(255, 128 + 0.5 * r - 0.418688 * g - 0.081312 * b);
              expect(Math.abs(out[w * h + by * cw + bx] - u)).toBeLessThan(0.52);
              expect(Math.abs(out[w * h + cw * ch + by * cw + bx] - v)).toBeLessThan(0.52);
            }
          }
        },
      ),
    );
  });
});
