import { readFile } from 'node:fs/promises';
import { DatasetError } from './error.js';

/** A mask's numbers, row after row: 0 is background, anything else says which object a pixel belongs to. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const GREY = 0;
const INDEXED = 3;

/**
 * Reads a mask as numbers: palette indices of an indexed PNG (1 to 8 bits), values of a grey one (1 to 8 bits; also of one stored
 * in colour where red, green and blue agree).
 *
 * @throws {DatasetError} naming the file, where it is missing, cut off, corrupt, or shows colours
 */
export async function readMask(file: string): Promise<Mask> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new DatasetError(file, 'a readable mask (PNG)', reason, { cause });
  }
  const { depth, colour, chunks } = partsOf(bytes, file);
  if (depth > 8) throw new DatasetError(file, 'a mask of at most 8 bits a channel', `${depth} bits`);
  if (colour !== GREY && colour !== INDEXED) return onlyChannel(file, await decode(file, bytes, false));
  const { width, height, data } = await decode(file, asGrey(chunks), true);
  // Grey of fewer bits is spread over 0..255: 15 of 4 bits is 255.
  const step = 255 / (2 ** depth - 1);
  return { width, height, data: step === 1 ? data : data.map((value) => value / step) };
}

/**
 * Decoders turn indices into colours, and which index a colour was cannot be told where a palette holds it twice. The pixels of an
 * indexed PNG are stored as those of a grey one are (PNG, 3rd edition, 11.2.1 and 11.2.2), so it is decoded under the header of one,
 * and without the chunks that would change its values (palette, transparency, gamma, profile).
 */
function asGrey(chunks: readonly Chunk[]): Buffer {
  const kept = chunks.filter(({ type }) => type === 'IHDR' || type === 'IDAT' || type === 'IEND');
  const header = Buffer.from(kept[0].bytes);
  header[8 + 9] = GREY;
  header.writeUInt32BE(crc32(header.subarray(4, -4)), header.length - 4);
  return Buffer.concat([SIGNATURE, header, ...kept.slice(1).map(({ bytes }) => bytes)]);
}

/** A chunk of a PNG with its length, type and checksum. */
interface Chunk {
  readonly type: string;
  readonly bytes: Buffer;
}

function partsOf(bytes: Buffer, file: string): { depth: number; colour: number; chunks: readonly Chunk[] } {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw new DatasetError(file, 'a mask (PNG)', 'another file');
  const chunks: Chunk[] = [];
  for (let at = 8; chunks.at(-1)?.type !== 'IEND'; ) {
    const end = at + 12 <= bytes.length ? at + 12 + bytes.readUInt32BE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length)
      throw new DatasetError(file, 'a whole PNG', `one cut off at byte ${bytes.length}`);
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), bytes: bytes.subarray(at, end) });
    at = end;
  }
  const [first] = chunks;
  if (first.type !== 'IHDR' || first.bytes.length !== 25) {
    throw new DatasetError(
      file,
      'a PNG that starts with its header',
      `a chunk ${JSON.stringify(first.type)}`,
    );
  }
  return { depth: first.bytes[8 + 8], colour: first.bytes[8 + 9], chunks };
}

async function decode(file: string, bytes: Buffer, grey: boolean): Promise<Mask & { channels: number }> {
  try {
    const { default: sharp } = await import('sharp');
    const image = sharp(bytes);
    const { data, info } = await (grey ? image.toColourspace('b-w') : image.removeAlpha())
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels, data };
  } catch (cause) {
    throw new DatasetError(file, 'a PNG that can be decoded', (cause as Error).message, { cause });
  }
}

function onlyChannel(file: string, { width, height, channels, data }: Mask & { channels: number }): Mask {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    out[i] = data[i * channels];
    if (channels >= 3 && (data[i * channels + 1] !== out[i] || data[i * channels + 2] !== out[i])) {
      throw new DatasetError(file, 'an indexed or grey PNG', 'a PNG in colours');
    }
  }
  return { width, height, data: out };
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** PNG's checksum (annex D). `zlib.crc32` came with Node 20.15 only. */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC[(c ^ byte) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}
