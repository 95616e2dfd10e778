import { type Box, InvalidArgumentError } from '../../common/index.js';
import type { BoxMessage, TargetMessage } from '../box-message.js';
import { round } from '../box-text.js';
import { ResultFileError } from './error.js';
import type { ResultSource } from './result-format.js';
import { Spool } from './spool.js';

/** What a format holds of one target in one frame. */
export interface BoxRecord {
  /** 0-based index of the frame. */
  readonly frame: number;
  readonly target: TargetMessage;
}

/** What a format holds of the frames themselves, where it does. */
export interface FrameRecord {
  readonly pts?: number;
  readonly width?: number;
  readonly height?: number;
}

/** What is known of one frame of the video. */
export interface FrameFacts {
  /** 0-based position in display order. */
  readonly index: number;
  /** Seconds. */
  readonly pts: number;
  /** Upright size in pixels. */
  readonly width: number;
  readonly height: number;
}

/** A result file's content, in whatever order the file has it. */
export interface RecordFile {
  readonly boxes: AsyncIterable<BoxRecord>;
  /** Known once `boxes` has ended: all frames there are, where the file lists them. */
  readonly frames?: ReadonlyMap<number, FrameRecord>;
  /** Known once `boxes` has ended: how many frames the file describes. */
  readonly frameCount?: () => number;
  /** Known once `boxes` has ended: upright size in pixels. */
  readonly size?: () => { readonly width: number; readonly height: number } | undefined;
}

/** Frames of one drawer while records are sorted. */
const DRAWER = 4096;
/** The last frame a file may name: more than 100 days at 100 frames/s. */
const LAST_FRAME = 999_999_999;

/**
 * A box and its target as a file gives them.
 *
 * @param where the file, with the line where one is to blame
 * @throws {ResultFileError} where numbers are missing or outside their bounds
 */
export function boxRecord(
  where: string,
  frame: number,
  id: string,
  box: Box,
  rest: Pick<TargetMessage, 'score' | 'state'> & { readonly label?: string },
): BoxRecord {
  if (!Number.isInteger(frame) || frame < 0 || frame > LAST_FRAME) {
    throw new ResultFileError(where, 'a frame number', String(frame));
  }
  if (!box.every(Number.isFinite) || !(box[2] > 0 && box[3] > 0)) {
    throw new ResultFileError(where, 'a box of finite numbers with a size greater than 0', `[${box}]`);
  }
  const { label, score, state } = rest;
  const side = (length: number) => Math.max(0.01, round(length, 2));
  const target: TargetMessage = {
    id,
    ...(label === undefined || label === id ? {} : { label }),
    box: [round(box[0], 2), round(box[1], 2), side(box[2]), side(box[3])],
    score: Number.isFinite(score) ? Math.min(1, Math.max(0, round(score, 4))) : 1,
    state,
  };
  return { frame, target };
}

/**
 * Puts records in the order of their frames and completes them to messages: one for each frame the file lists, else for every frame
 * from the first with a target to the file's last. Memory holds 4096 frames at a time.
 *
 * @param name what to call the file in an error
 * @param facts every frame of the video in order, where there is a video: its pts and sizes are taken
 * @throws {InvalidArgumentError} where neither the file nor `source` nor `facts` tells the frame rate or the size
 * @throws {ResultFileError} where a target is in a frame twice, or the video ends before the results
 */
export async function* completeRecords(
  name: string,
  file: RecordFile,
  source: ResultSource | undefined,
  spoolFolder: string,
  facts?: AsyncIterable<FrameFacts>,
): AsyncGenerator<BoxMessage> {
  const spool = new Spool(spoolFolder);
  const cursor = facts ? new FactsCursor(name, facts) : undefined;
  try {
    let [first, last] = [Number.POSITIVE_INFINITY, -1];
    const see = (frame: number) => {
      first = Math.min(first, frame);
      last = Math.max(last, frame);
    };
    for await (const { frame, target } of file.boxes) {
      see(frame);
      await spool.append(Math.floor(frame / DRAWER), `${JSON.stringify([frame, target])}\n`);
    }
    for (const frame of file.frames?.keys() ?? []) see(frame);
    if (last >= 0) last = Math.max(last, (file.frameCount?.() ?? 0) - 1);
    for (let from = first; from <= last; from = nextDrawer(from)) {
      const targets = await targetsOfDrawer(name, spool, Math.floor(from / DRAWER));
      for (let frame = from; frame <= Math.min(last, nextDrawer(from) - 1); frame++) {
        if (file.frames && !file.frames.has(frame)) continue;
        const { pts, width, height } = await timeAndSize(frame, file, source, cursor);
        yield {
          type: 'boxes',
          stream: source?.name ?? name,
          frame,
          pts: round(pts, 6),
          size: { width, height },
          targets: targets.get(frame) ?? [],
        };
      }
    }
  } finally {
    await cursor?.close();
    await spool.discard();
  }
}

function nextDrawer(frame: number): number {
  return (Math.floor(frame / DRAWER) + 1) * DRAWER;
}

async function targetsOfDrawer(
  name: string,
  spool: Spool,
  drawer: number,
): Promise<Map<number, TargetMessage[]>> {
  const frames = new Map<number, TargetMessage[]>();
  for await (const line of spool.lines(drawer)) {
    const [frame, target] = JSON.parse(line) as [number, TargetMessage];
    const targets = frames.get(frame) ?? [];
    if (targets.some(({ id }) => id === target.id)) {
      throw new ResultFileError(name, 'each target once a frame', `${target.id} twice in frame ${frame}`);
    }
    targets.push(target);
    frames.set(frame, targets);
  }
  return frames;
}

async function timeAndSize(
  frame: number,
  { frames, size }: RecordFile,
  source: ResultSource | undefined,
  cursor: FactsCursor | undefined,
): Promise<{ pts: number; width: number; height: number }> {
  if (cursor) return cursor.at(frame);
  const own = frames?.get(frame);
  const pts = own?.pts ?? (source?.frameRate === undefined ? undefined : frame / source.frameRate);
  if (pts === undefined) {
    throw new InvalidArgumentError('frameRate', 'frames per second, which the file does not tell', undefined);
  }
  const width = own?.width ?? source?.width ?? size?.()?.width;
  const height = own?.height ?? source?.height ?? size?.()?.height;
  if (width === undefined || height === undefined) {
    throw new InvalidArgumentError('width', 'the size of the video, which the file does not tell', undefined);
  }
  return { pts, width, height };
}

/** Walks along the video's frames. */
class FactsCursor {
  readonly #name: string;
  readonly #iterator: AsyncIterator<FrameFacts>;

  constructor(name: string, facts: AsyncIterable<FrameFacts>) {
    this.#name = name;
    this.#iterator = facts[Symbol.asyncIterator]();
  }

  /** @param frame later than at the call before */
  async at(frame: number): Promise<FrameFacts> {
    let seen = -1;
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done) {
        const got = `a video of ${seen + 1 || 'fewer'} frames`;
        throw new ResultFileError(this.#name, `a video that has frame ${frame}`, got);
      }
      if (value.index === frame) return value;
      seen = value.index;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
