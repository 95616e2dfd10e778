import { InvalidArgumentError } from '../common/index.js';
import type { Embedding } from '../model/index.js';

/** An embedding as JSON holds it. */
export interface StoredEmbedding {
  readonly channels: number;
  readonly side: number;
  /** See `encodeFloats`. */
  readonly data: string;
}

export function storeEmbedding({ channels, side, data }: Embedding): StoredEmbedding {
  return { channels, side, data: encodeFloats(data) };
}

/** @throws InvalidArgumentError for data of another length than channels x side x side */
export function loadEmbedding({ channels, side, data }: StoredEmbedding): Embedding {
  return { channels, side, data: decodeFloats(data, channels * side * side) };
}

/** Numbers as base64 of little-endian float32. */
export function encodeFloats(data: Float32Array): string {
  const bytes = Buffer.alloc(data.length * 4);
  for (const [k, value] of data.entries()) bytes.writeFloatLE(value, 4 * k);
  return bytes.toString('base64');
}

/** @throws InvalidArgumentError for another number of them than `length` */
export function decodeFloats(data: string, length: number): Float32Array {
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length !== 4 * length)
    throw new InvalidArgumentError('snapshot', `${4 * length} bytes of numbers`, `${bytes.length} bytes`);
  return Float32Array.from({ length }, (_, k) => bytes.readFloatLE(4 * k));
}
