import { deflateSync } from 'node:zlib';
import { crc32 } from '../../src/datasets/mask-png.js';

/** What a test writes as a PNG: rows of numbers, packed into `depth` bits each. */
export interface PngOptions {
  readonly depth?: 1 | 2 | 4 | 8 | 16;
  /** 0 grey, 2 RGB, 3 palette (numbers are indices), 4 grey with alpha, 6 RGBA (numbers are channels one after another). */
  readonly colour?: 0 | 2 | 3 | 4 | 6;
  /** RGB of each index. */
  readonly palette?: readonly number[];
  /** Further chunks before the pixels. */
  readonly extra?: readonly Buffer[];
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** DAVIS's palette: that of PASCAL VOC. */
export const PALETTE = Array.from({ length: 256 }, (_, index) => {
  const bit = (n: number, from: number) =>
    Array.from({ length: 8 }, (__, j) => ((n >> (3 * j + from)) & 1) << (7 - j)).reduce((a, b) => a | b);
  return [bit(index, 0), bit(index, 1), bit(index, 2)];
}).flat();

/** A PNG written byte by byte, so that what is in it is known. */
export function png(rows: readonly (readonly number[])[], options: PngOptions = {}): Buffer {
  const { depth = 8, colour = 3, palette = PALETTE, extra = [] } = options;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(rows[0].length / CHANNELS[colour], 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([depth, colour], 8);
  const lines = rows.map((row) => {
    const bits = row.map((value) => value.toString(2).padStart(depth, '0')).join('');
    const bytes = bits.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)) ?? [];
    return Buffer.from([0, ...bytes]);
  });
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    ...(colour === 3 ? [chunk('PLTE', Buffer.from(palette.slice(0, 3 * 2 ** depth)))] : []),
    ...extra,
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

export function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, -4)), out.length - 4);
  return out;
}

/** Rows of a mask of 0 with rectangles `[number, x, y, width, height]`, the later ones over the earlier. */
export function maskRows(
  width: number,
  height: number,
  ...rectangles: readonly (readonly [number, number, number, number, number])[]
): number[][] {
  const rows = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  for (const [number, x, y, w, h] of rectangles) {
    for (let j = y; j < y + h; j++) rows[j].fill(number, x, x + w);
  }
  return rows;
}
