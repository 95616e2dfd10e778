import { InvalidArgumentError } from '../common/index.js';
import type { Embedding } from '../model/index.js';

/** An embedding as JSON holds it: its numbers as base64 of little-endian float32. */
export interface StoredEmbedding {
  readonly channels: number;
  readonly side: number;
  readonly data: string;
}

export function storeEmbedding({ channels, side, data }: Embedding): StoredEmbedding {
  const bytes = Buffer.alloc(data.length * 4);
  for (const [k, value] of data.entries()) bytes.writeFloatLE(value, 4 * k);
  return { channels, side, data: bytes.toString('base64') };
}

/** @throws InvalidArgumentError for data of another length than channels x side x side */
export function loadEmbedding({ channels, side, data }: StoredEmbedding): Embedding {
  const bytes = Buffer.from(data, 'base64');
  const length = channels * side * side;
  if (bytes.length !== 4 * length)
    throw new InvalidArgumentError(
      'snapshot',
      `an embedding of ${4 * length} bytes`,
      `${bytes.length} bytes`,
    );
  const values = Float32Array.from({ length }, (_, k) => bytes.readFloatLE(4 * k));
  return { channels, side, data: values };
}
