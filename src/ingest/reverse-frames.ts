import { type FileHandle, open, rm } from 'node:fs/promises';
import type { I420Picture } from '../common/index.js';
import { IngestError } from './errors.js';
import type { Frame } from './frame.js';
import { openSource } from './open-source.js';
import type { SourceOptions } from './source.js';

/** One frame of a video that is walked backwards. Its planes are overwritten by the next one. */
export interface ReversedFrame extends I420Picture {
  readonly index: number;
  readonly pts: number;
}

export interface ReverseOptions {
  /** Index of the frame to begin with, the last one in time. */
  readonly from: number;
  /** A file for decoded frames; it is gone at the end, and where the system can, for everyone else from the beginning. */
  readonly spill: string;
  /** Most bytes of decoded frames kept at once (one frame at least). */
  readonly bytes: number;
  readonly source: Pick<SourceOptions, 'fps' | 'threads' | 'hardware' | 'signal'>;
}

type Kept = Omit<ReversedFrame, 'y' | 'u' | 'v'> & { readonly offset: number };

/**
 * The frames of a video from one of them down to the first. Video decodes forwards only, so a stretch is decoded onto the disk, read
 * backwards, and then the stretch before it. As exact positions are had by decoding from the start, the decoding done is the length of the
 * video times half the number of stretches.
 *
 * @throws {IngestError} `DECODE_FAILED` where the source ends before frame `from`, and what `openSource` throws
 */
export async function* reverseFrames(path: string, options: ReverseOptions): AsyncGenerator<ReversedFrame> {
  const { from, spill, bytes, source } = options;
  const file = await open(spill, 'w+');
  await rm(spill).catch(() => undefined);
  try {
    let buffer = new Uint8Array(0);
    const count = Math.max(1, Math.floor(bytes / (await sizeOf(path, source))));
    for (let end = from; end >= 0; ) {
      const { kept, frameBytes } = await spillStretch(path, file, end, count, source);
      if (buffer.length < frameBytes) buffer = new Uint8Array(frameBytes);
      for (const { offset, ...frame } of kept.reverse()) {
        const luma = frame.width * frame.height;
        const chroma = Math.ceil(frame.width / 2) * Math.ceil(frame.height / 2);
        await readAll(file, buffer.subarray(0, luma + 2 * chroma), offset);
        yield {
          ...frame,
          y: buffer.subarray(0, luma),
          u: buffer.subarray(luma, luma + chroma),
          v: buffer.subarray(luma + chroma, luma + 2 * chroma),
        };
        end = frame.index - 1;
      }
    }
  } finally {
    await file.close();
    await rm(spill, { force: true });
  }
}

/** Decodes the `count` frames that end with frame `end`. */
async function spillStretch(
  path: string,
  file: FileHandle,
  end: number,
  count: number,
  options: ReverseOptions['source'],
): Promise<{ kept: Kept[]; frameBytes: number }> {
  const kept: Kept[] = [];
  let offset = 0;
  let frameBytes = 0;
  const source = await openSource(path, { ...options, start: { frame: Math.max(0, end - count + 1) } });
  for await (const frame of source) {
    try {
      const planes = [frame.y, frame.u, frame.v];
      const { index, pts, width, height, range, matrix } = frame;
      kept.push({ index, pts, width, height, range, matrix, offset });
      for (const plane of planes) {
        await writeAll(file, plane, offset);
        offset += plane.length;
      }
      frameBytes = Math.max(frameBytes, i420Bytes(frame));
      if (index >= end) break;
    } finally {
      frame.release();
    }
  }
  const last = kept.at(-1)?.index;
  if (last !== end) {
    const got = last === undefined ? 'a source that ends before it' : `a source that ends with frame ${last}`;
    throw new IngestError('DECODE_FAILED', `${path}: expected frame ${end}, got ${got}`, { frame: end });
  }
  return { kept, frameBytes };
}

async function sizeOf(path: string, options: ReverseOptions['source']): Promise<number> {
  const source = await openSource(path, options);
  try {
    return i420Bytes(source.info);
  } finally {
    await source.close();
  }
}

function i420Bytes({ width, height }: Pick<Frame, 'width' | 'height'>): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

async function readAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
    if (bytesRead === 0)
      throw new Error('expected decoded frames back from the disk, got the end of the file');
    at += bytesRead;
  }
}
