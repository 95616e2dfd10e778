// Runs in browsers too: nothing of Node here, and types only from the schemas.
import type { PreviewHeader } from './server-messages.js';

/** The first four bytes of a preview: "STP" and the version of this framing. */
const MAGIC = [0x53, 0x54, 0x50, 0x01] as const;

/** A preview picture and the boxes of the frame it shows. */
export interface PreviewMessage {
  readonly header: PreviewHeader;
  /** A whole JPEG file. */
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/**
 * The bytes of a binary message: `53 54 50 01`, the length of the header as an unsigned 32-bit little-endian number, the header as
 * UTF-8 JSON, and the JPEG up to the end.
 */
export function encodePreview(header: PreviewHeader, jpeg: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(8 + json.length + jpeg.length);
  message.set(MAGIC);
  new DataView(message.buffer).setUint32(4, json.length, true);
  message.set(json, 8);
  message.set(jpeg, 8 + json.length);
  return message;
}

/**
 * Reads a binary message. The JPEG shares the message's memory. `undefined` for bytes that are no preview of this version, so that
 * kinds that will come later can be passed over.
 */
export function decodePreview(message: ArrayBuffer | Uint8Array<ArrayBuffer>): PreviewMessage | undefined {
  const bytes = message instanceof Uint8Array ? message : new Uint8Array(message);
  if (bytes.length < 8 || MAGIC.some((byte, k) => bytes[k] !== byte)) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (8 + length > bytes.length) return undefined;
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    if (header?.type !== 'preview') return undefined;
    return { header, jpeg: bytes.subarray(8 + length) };
  } catch {
    return undefined;
  }
}
