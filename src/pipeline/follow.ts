import type { Box } from '../common/index.js';
import type { MessageTarget } from '../formats/index.js';
import type { Frame } from '../ingest/index.js';
import type { TargetGroup } from '../tracker/index.js';

/** What to follow. */
export interface TargetStart {
  /** Unique among the targets. */
  readonly id: string;
  /** A name for people, where it differs from the id. */
  readonly label?: string;
  /** Where the target is on the first frame, in 0-based pixels. */
  readonly box: Box;
}

/** Takes what became of one frame. The frame is released once the returned promise has settled. */
export type Sink = (frame: Frame, targets: readonly MessageTarget[]) => Promise<unknown> | unknown;

export interface FollowOptions {
  /** A group without targets; those of `targets` are added on the first frame. */
  readonly group: Pick<TargetGroup, 'add' | 'update'>;
  readonly targets: readonly TargetStart[];
  readonly sink: Sink;
  /** Stops after the frame at hand; what was done stays done. A source that rejects because of it counts as stopped. */
  readonly signal?: AbortSignal;
}

/** How a {@link follow} ended. */
export interface Followed {
  /** Frames given to the sink. */
  readonly frames: number;
  /** Whether the signal ended it and not the source. */
  readonly stopped: boolean;
}

/**
 * One stream's loop: takes frames from a source, follows the targets through them and hands each frame with its boxes to the sink, in
 * order and without loss. While a frame is searched, the source decodes the next ones and the one before is in the sink. The first frame
 * carries the given boxes, with score 1.
 *
 * Whatever fails (source, tracker, sink) is thrown once the frames before it have passed through the sink.
 */
export async function follow(frames: AsyncIterable<Frame>, options: FollowOptions): Promise<Followed> {
  const { group, targets, sink, signal } = options;
  const labels = new Map(targets.map(({ id, label }) => [id, label]));
  let done = 0;
  let sinking: Promise<unknown> = Promise.resolve();
  const loop = async () => {
    for await (const frame of frames) {
      let handedOn = false;
      try {
        if (signal?.aborted) return;
        const found = done === 0 ? await begin(group, frame, targets) : await search(group, frame, labels);
        await sinking;
        handedOn = true;
        sinking = sinkAndRelease(sink, frame, found);
        done++;
      } finally {
        if (!handedOn) frame.release();
      }
    }
  };
  const looping = loop().catch((error) => {
    if (!signal?.aborted || error !== signal.reason) throw error;
  });
  try {
    await looping;
  } finally {
    await sinking;
  }
  return { frames: done, stopped: signal?.aborted ?? false };
}

async function begin(
  group: FollowOptions['group'],
  frame: Frame,
  targets: readonly TargetStart[],
): Promise<MessageTarget[]> {
  await Promise.all(targets.map(({ id, box }) => group.add(id, frame, box, frame.pts)));
  return targets.map((target) => ({ ...target, score: 1, state: 'tracking' }));
}

async function search(
  group: FollowOptions['group'],
  frame: Frame,
  labels: ReadonlyMap<string, string | undefined>,
): Promise<MessageTarget[]> {
  const results = await group.update(frame, frame.pts);
  return [...results].map(([id, { box, score, state }]) => ({
    id,
    label: labels.get(id),
    box,
    score,
    state,
  }));
}

function sinkAndRelease(sink: Sink, frame: Frame, found: readonly MessageTarget[]): Promise<unknown> {
  const sinking = (async () => {
    try {
      await sink(frame, found);
    } finally {
      frame.release();
    }
  })();
  // Its failure is thrown by whoever awaits it next; until then it must not count as unhandled.
  sinking.catch(() => undefined);
  return sinking;
}
