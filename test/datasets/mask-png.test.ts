import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMask } from '../../src/datasets/mask-png.js';
import { chunk, PALETTE, png } from './write-png.js';

let root: string;
let file: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-mask-'));
  file = join(root, '00000.png');
});
afterAll(() => rm(root, { recursive: true }));

async function read(bytes: Buffer) {
  await writeFile(file, bytes);
  return readMask(file);
}

describe('readMask', () => {
  it('gives the indices of a palette, not its colours', async () => {
    const bytes = png([
      [0, 1, 2],
      [3, 254, 255],
    ]);
    // The file is a palette PNG to others too: they see DAVIS's red, green and yellow.
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect([...data.subarray(0, 12)]).toEqual([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]);
    expect(await read(bytes)).toMatchObject({
      width: 3,
      height: 2,
      data: Buffer.from([0, 1, 2, 3, 254, 255]),
    });
  });

  it('tells indices apart that have the same colour, whatever is said of transparency and gamma', async () => {
    const extra = [chunk('tRNS', Buffer.from([0, 0, 128])), chunk('gAMA', Buffer.from([0, 0, 0x40, 0]))];
    const mask = await read(png([[0, 1, 2, 200]], { palette: new Array(768).fill(7), extra }));
    expect([...mask.data]).toEqual([0, 1, 2, 200]);
  });

  it('reads any numbers at 1, 2, 4 and 8 bits, by palette and grey', async () => {
    const depth = fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const);
    const picture = fc.tuple(depth, fc.constantFrom(0 as const, 3 as const)).chain(([bits, colour]) => {
      const width = fc.integer({ min: 1, max: 9 });
      const rows = width.chain((n) =>
        fc.array(fc.array(fc.nat(2 ** bits - 1), { minLength: n, maxLength: n }), {
          minLength: 1,
          maxLength: 5,
        }),
      );
      return fc.record({ bits: fc.constant(bits), colour: fc.constant(colour), rows });
    });
    await fc.assert(
      fc.asyncProperty(picture, async ({ bits, colour, rows }) => {
        // Grey of one bit is 0 and 1 as well.
        expect([...(await read(png(rows, { depth: bits, colour }))).data]).toEqual(rows.flat());
      }),
      { numRuns: 60 },
    );
  });

  it('reads what an encoder of its own writes', async () => {
    const raw = Buffer.from(PALETTE.slice(0, 12));
    const written = await sharp(raw, { raw: { width: 4, height: 1, channels: 3 } })
      .png({ palette: true })
      .toBuffer();
    const { data } = await read(written);
    expect(new Set(data)).toEqual(new Set([0, 1, 2, 3]));
  });

  it('takes grey that is stored in colour or with alpha', async () => {
    expect([...(await read(png([[0, 0, 0, 255, 255, 255]], { colour: 2 }))).data]).toEqual([0, 255]);
    expect([...(await read(png([[0, 255, 255, 255]], { colour: 4 }))).data]).toEqual([0, 255]);
    expect([...(await read(png([[3, 3, 3, 0, 0, 0, 0, 255]], { colour: 6 }))).data]).toEqual([3, 0]);
  });

  const good = png([[0, 1, 2, 3]]);
  const damaged = Buffer.from(good);
  damaged[good.length - 18] ^= 255;
  it.each([
    ['nothing', Buffer.alloc(0), /expected a mask \(PNG\), got another file/],
    ['a JPEG', Buffer.from([255, 216, 255, 224, 0, 0, 0, 0, 0]), /got another file/],
    ['a file cut in its pixels', good.subarray(0, -20), /expected a whole PNG, got one cut off at byte/],
    ['a file cut before its end', good.subarray(0, -5), /expected a whole PNG/],
    ['a length beyond the file', Buffer.concat([good.subarray(0, 8), Buffer.alloc(20, 255)]), /whole PNG/],
    ['no header', Buffer.concat([good.subarray(0, 8), good.subarray(-12)]), /starts with its header/],
    ['damaged pixels', damaged, /expected a PNG that can be decoded/],
    ['colours', png([[1, 2, 3]], { colour: 2 }), /expected an indexed or grey PNG, got a PNG in colours/],
    ['16 bits', png([[1, 2]], { colour: 0, depth: 16 }), /at most 8 bits a channel, got 16 bits/],
  ])('refuses %s, naming the file', async (_, bytes, message) => {
    const failed = read(bytes);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringContaining(file),
    });
  });

  it('names a missing file', async () => {
    await expect(readMask(join(root, 'none.png'))).rejects.toThrow(/none\.png: expected a readable mask/);
  });
});
