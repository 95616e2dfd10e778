import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { I420Picture } from '../common/index.js';
import type { FrameSize, Sequence } from '../datasets/index.js';
import { openSource, reverseFrames } from '../ingest/index.js';
import { shown } from './view.js';

/** A picture with its place in time, seconds; valid until it is released or, where it cannot be, until the next one. */
export interface TimedPicture extends I420Picture {
  readonly pts: number;
  release?(): void;
}

/** Most bytes of decoded frames that are kept on the disk while a sequence is followed backwards. */
const SPILL = 512 * 2 ** 20;

/**
 * Frames of a sequence as its views show them, its source opened when the first is asked for and closed after the last. Backwards, time
 * runs on: `pts` is below 0.
 */
export async function* framesOf(sequence: Sequence): AsyncGenerator<TimedPicture> {
  const { views } = sequence;
  let index = 0;
  for await (const frame of wholeFrames(sequence)) {
    const view = views?.[index++];
    const picture = view ? shown(frame, view) : frame;
    if (picture === frame) {
      yield frame;
      continue;
    }
    frame.release?.();
    yield { ...picture, pts: frame.pts };
  }
}

/** Size of a sequence's frames, pixels. */
export async function frameSizeOf({ source }: Sequence): Promise<FrameSize> {
  const opened = await openSource(source);
  try {
    const { width, height } = opened.info;
    return { width, height };
  } finally {
    await opened.close();
  }
}

async function* wholeFrames({ source, skip, backwards }: Sequence): AsyncGenerator<TimedPicture> {
  if (backwards) {
    const spill = join(tmpdir(), `siamtrack-${randomUUID()}`);
    for await (const frame of reverseFrames(source, { from: skip, spill, bytes: SPILL, source: {} }))
      yield { ...frame, pts: -frame.pts };
    return;
  }
  const opened = await openSource(source, { start: { frame: skip } });
  try {
    yield* opened;
  } finally {
    await opened.close();
  }
}
