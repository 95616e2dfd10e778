import { type Box, type I420Picture, InvalidArgumentError } from '../common/index.js';
import type { TargetState } from '../formats/index.js';
import type { TimedPicture } from './frames.js';

/** What is evaluated: anything that follows one target from a box on its first picture. */
export interface OnePassTracker {
  /** @param box 0-based pixels @param seconds the frame's pts */
  init(picture: I420Picture, box: Box, seconds: number): Promise<unknown> | unknown;
  /** @param seconds the frame's pts */
  update(picture: I420Picture, seconds: number): Promise<OnePassUpdate> | OnePassUpdate;
}

/** A tracker's answer for one frame. */
export interface OnePassUpdate {
  readonly box: Box;
  readonly score: number;
  /** Left out by trackers that have none. */
  readonly state?: TargetState;
}

/** A tracker's answers for a whole sequence, and how long they took. */
export interface OnePassResult {
  /** One box a frame; the first is the given one. */
  readonly boxes: readonly Box[];
  /** One score a frame; the first is 1. */
  readonly scores: readonly number[];
  /** One state a frame; the first is `tracking`. `null` where an update had none. */
  readonly states: readonly TargetState[] | null;
  /** Time spent in `update` alone, with nothing else at work. */
  readonly trackerSeconds: number;
  /** Time from opening the source to the last box, decoding included. */
  readonly totalSeconds: number;
}

export interface OnePassOptions {
  /** Frames to follow at most, the first included. Default: all there are. */
  readonly frames?: number;
  /** Called after every frame with the number of frames done. */
  readonly onFrame?: (done: number) => void;
  /** Pixels held decoded at once, in bytes. Default 128 MiB. */
  readonly memory?: number;
}

/**
 * One-pass evaluation: the tracker is given the first box and then only pictures. Frames are decoded in blocks before the tracker sees
 * them, so that its time is measured alone and not in competition with the decoder.
 *
 * @param frames the sequence; every frame that can be is released
 * @param first the truth of the first frame followed
 */
export async function runOnePass(
  frames: AsyncIterable<TimedPicture>,
  first: Box,
  tracker: OnePassTracker,
  options: OnePassOptions = {},
): Promise<OnePassResult> {
  const { onFrame } = options;
  const begun = performance.now();
  const boxes: Box[] = [];
  const scores: number[] = [];
  const states: (TargetState | undefined)[] = [];
  let trackerMs = 0;
  for await (const block of blocks(frames, options)) {
    for (const { picture, seconds } of block) {
      if (boxes.length === 0) {
        await tracker.init(picture, first, seconds);
        boxes.push(first);
        scores.push(1);
        states.push('tracking');
      } else {
        const start = performance.now();
        const { box, score, state } = await tracker.update(picture, seconds);
        trackerMs += performance.now() - start;
        boxes.push(box);
        scores.push(score);
        states.push(state);
      }
      onFrame?.(boxes.length);
    }
  }
  if (boxes.length === 0) throw new InvalidArgumentError('frames', 'at least one frame', 'none');
  return {
    boxes,
    scores,
    states: states.every((state) => state !== undefined) ? states : null,
    trackerSeconds: trackerMs / 1000,
    totalSeconds: (performance.now() - begun) / 1000,
  };
}

/** One frame, copied. */
interface Slot {
  readonly picture: I420Picture;
  readonly seconds: number;
}

/** Copies of the frames, as many at a time as fit the memory; a block is valid until the next one is asked for. */
async function* blocks(
  frames: AsyncIterable<TimedPicture>,
  { frames: most = Number.POSITIVE_INFINITY, memory = 128 * 2 ** 20 }: OnePassOptions,
): AsyncGenerator<readonly Slot[]> {
  const slots: Slot[] = [];
  let used = 0;
  let seen = 0;
  for await (const frame of frames) {
    slots[used] = { picture: copyInto(slots[used]?.picture, frame), seconds: frame.pts };
    frame.release?.();
    used++;
    if (++seen >= most) break;
    if (used * slots[0].picture.y.length * 1.5 >= memory) {
      yield slots.slice(0, used);
      used = 0;
    }
  }
  if (used > 0) yield slots.slice(0, used);
}

/** Copies a picture, into the memory of another one where that is of the same size. */
function copyInto(old: I420Picture | undefined, picture: I420Picture): I420Picture {
  const { width, height, range, matrix } = picture;
  const fits = old?.width === width && old.height === height;
  const planes = fits
    ? { y: old.y, u: old.u, v: old.v }
    : {
        y: new Uint8Array(picture.y.length),
        u: new Uint8Array(picture.u.length),
        v: new Uint8Array(picture.v.length),
      };
  planes.y.set(picture.y);
  planes.u.set(picture.u);
  planes.v.set(picture.v);
  return { width, height, range, matrix, ...planes };
}
