import { z } from 'zod';
import type { Box } from '../common/index.js';
import { round } from './box-text.js';

/** Whether a target is being followed: `tracking`, `uncertain` (the box is a guess) or `lost` (it is the last known box). */
export const TargetState = z.enum(['tracking', 'uncertain', 'lost']);

/** One target in one frame. */
export const TargetMessage = z.object({
  /** Unique among the targets of its stream. */
  id: z.string().min(1),
  /** A name for people, where it differs from the id. */
  label: z.string().optional(),
  /** `[x, y, width, height]` in pixels of the upright frame, top-left corner of the frame at 0, 0; 2 decimals. */
  box: z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()]),
  /** How sure the tracker is, 0..1; 4 decimals. */
  score: z.number().min(0).max(1),
  state: TargetState,
});

/** Where every target of one stream is in one frame: one line of `siamtrack track`, one message of the WebSocket. */
export const BoxMessage = z.object({
  type: z.literal('boxes'),
  /** The stream's name; for `siamtrack track` the source, without credentials. */
  stream: z.string(),
  /** 0-based index of the frame in the stream. */
  frame: z.int().min(0),
  /** Presentation time in seconds, from the container. */
  pts: z.number(),
  /** Wall-clock time at which the frame was decoded, milliseconds since the epoch; live streams only. */
  time: z.number().optional(),
  /** Size of the upright frame in pixels. */
  size: z.object({ width: z.int().positive(), height: z.int().positive() }),
  targets: z.array(TargetMessage),
});

export type TargetState = z.infer<typeof TargetState>;
export type TargetMessage = z.infer<typeof TargetMessage>;
export type BoxMessage = z.infer<typeof BoxMessage>;

/** What {@link boxMessage} needs to know of a frame. */
export interface MessageFrame {
  readonly index: number;
  readonly pts: number;
  readonly wallTime: number;
  readonly width: number;
  readonly height: number;
}

/** What {@link boxMessage} needs to know of a target. */
export interface MessageTarget {
  readonly id: string;
  readonly label?: string;
  readonly box: Box;
  readonly score: number;
  readonly state: TargetState;
}

/**
 * Builds the message of one frame, rounding boxes to 2 decimals, scores to 4 and pts to 6. A side never rounds to 0.
 *
 * @param options.live whether to tell the wall-clock time
 */
export function boxMessage(
  stream: string,
  frame: MessageFrame,
  targets: readonly MessageTarget[],
  { live = false }: { readonly live?: boolean } = {},
): BoxMessage {
  return {
    type: 'boxes',
    stream,
    frame: frame.index,
    pts: round(frame.pts, 6),
    ...(live ? { time: Math.round(frame.wallTime) } : {}),
    size: { width: frame.width, height: frame.height },
    targets: targets.map(({ id, label, box, score, state }) => ({
      id,
      ...(label === undefined ? {} : { label }),
      box: [round(box[0], 2), round(box[1], 2), side(box[2]), side(box[3])],
      score: Math.min(1, Math.max(0, round(score, 4))),
      state,
    })),
  };
}

function side(length: number): number {
  return Math.max(0.01, round(length, 2));
}
