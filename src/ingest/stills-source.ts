import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { InvalidArgumentError } from '../common/index.js';
import { IngestError } from './errors.js';
import type { Frame } from './frame.js';
import { FramePool, i420Size } from './frame-pool.js';
import { iterateOnce } from './iterate-once.js';
import { rgbToI420 } from './rgb-to-i420.js';
import type { FrameSource, SourceInfo, SourceOptions } from './source.js';
import { decodeStill, isStill, type StillPixels } from './still-decoder.js';

const natural = new Intl.Collator('en', { numeric: true });

/** The pictures of a folder in natural order (`2.jpg` before `10.jpg`); hidden files and everything else are passed by. */
export async function listStills(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && isStill(entry.name))
    .map((entry) => entry.name)
    .sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1));
  return names.map((name) => join(folder, name));
}

/** @param name what the caller asked for, for messages */
export async function openStills(
  paths: readonly string[],
  name: string,
  options: SourceOptions,
): Promise<FrameSource> {
  const fps = options.fps ?? 25;
  if (!(fps > 0 && Number.isFinite(fps))) throw new InvalidArgumentError('fps', 'a number above 0', fps);
  const first = await decode(paths, 0, options);
  const info: SourceInfo = {
    kind: 'stills',
    width: first.width,
    height: first.height,
    frameRate: fps,
    frameCount: paths.length,
    duration: paths.length / fps,
    codec: extname(paths[0]).slice(1).toLowerCase(),
    rotation: 0,
  };
  return new StillsSource(paths, name, info, fps, options);
}

async function decode(paths: readonly string[], index: number, options: SourceOptions): Promise<StillPixels> {
  try {
    return await decodeStill(paths[index], options);
  } catch (cause) {
    if (cause instanceof IngestError || options.signal?.aborted) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IngestError(
      'DECODE_FAILED',
      `frame ${index}: expected a picture in ${basename(paths[index])}, got: ${reason}`,
      { cause, frame: index },
    );
  }
}

class StillsSource implements FrameSource {
  readonly info: SourceInfo;
  readonly #paths: readonly string[];
  readonly #fps: number;
  readonly #options: SourceOptions;
  readonly #pool: FramePool;
  readonly #ahead: number;
  readonly #pending: Promise<StillPixels>[] = [];
  #next: number;
  #decoding: number;
  readonly #iterate: () => AsyncIterator<Frame, undefined>;
  #closed = false;

  constructor(paths: readonly string[], name: string, info: SourceInfo, fps: number, options: SourceOptions) {
    this.info = info;
    this.#paths = paths;
    this.#fps = fps;
    this.#options = options;
    this.#pool = new FramePool(options.maxFrames ?? 64);
    this.#ahead = options.threads ?? 2;
    this.#next = firstIndex(options.start, fps);
    this.#decoding = this.#next;
    this.#iterate = iterateOnce({ name: name, next: () => this.#frame(), close: () => this.close() });
  }

  [Symbol.asyncIterator](): AsyncIterator<Frame, undefined> {
    return this.#iterate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#pending.splice(0));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #frame(): Promise<Frame | undefined> {
    this.#options.signal?.throwIfAborted();
    if (this.#closed || this.#next >= this.#paths.length) return undefined;
    while (this.#pending.length < this.#ahead && this.#decoding < this.#paths.length) {
      const picture = decode(this.#paths, this.#decoding++, this.#options);
      picture.catch(() => {});
      this.#pending.push(picture);
    }
    const { data, width, height, channels } = await this.#pending.shift()!;
    this.#options.signal?.throwIfAborted();
    if (this.#closed) return undefined;
    const buffer = this.#pool.take(i420Size(width, height));
    if (!buffer) {
      throw new IngestError(
        'POOL_EXHAUSTED',
        `expected frames to be released, got ${this.#pool.out} held at once (maxFrames ${this.#pool.maxFrames})`,
      );
    }
    rgbToI420(data, width, height, channels, buffer);
    const index = this.#next++;
    const pts = index / this.#fps;
    return this.#pool.frame(buffer, { width, height, range: 'full', matrix: 'bt601', index, pts });
  }
}

function firstIndex(start: SourceOptions['start'], fps: number): number {
  if (!start) return 0;
  if ('frame' in start) return start.frame;
  // The smallest index whose pts, as it will be computed, is not before the time asked for.
  let index = Math.max(0, Math.floor(start.seconds * fps) - 1);
  while (index / fps < start.seconds) index++;
  return index;
}
