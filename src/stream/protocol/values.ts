import { z } from 'zod';
import { TargetMessage, TargetState } from '../../formats/index.js';

/** A stream's name: what messages, addresses, metrics and logs call it. */
export const StreamName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'letters, digits, ".", "_" and "-", at most 64, the first a letter or digit',
  )
  .describe('Name of a stream: letters, digits, ".", "_", "-"; at most 64.');

/** A target's id: unique among the targets of its stream. */
export const TargetId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}]*$/u, 'no control characters')
  .describe('Id of a target, unique on its stream; 1 to 64 characters.');

/** A name for people. */
export const Label = z.string().min(1).max(200).describe('A name for people.');

/** `[x, y, width, height]`; the unit is said by the field `units` beside it. */
export const BoxInput = z
  .tuple([z.number(), z.number(), z.number().positive(), z.number().positive()])
  .describe('[x, y, width, height]; the top-left corner of the upright frame is 0, 0.');

/** Pixels of the upright frame, or fractions of its width and height (0..1). */
export const BoxUnits = z
  .enum(['pixels', 'normalised'])
  .describe('pixels: of the upright frame. normalised: fractions of its width and height.');

/** Width and height of an upright frame in pixels. */
export const Size = z.object({ width: z.int().positive(), height: z.int().positive() });

/** Where a stream is in its life. `paused`: a file whose clients stopped it; the others as the events of those names say. */
export const StreamState = z.enum([
  'connecting',
  'live',
  'stalled',
  'reconnecting',
  'paused',
  'ended',
  'error',
]);

/** What a stream has done since it was started. */
export const StreamCounts = z.object({
  /** Frames that came from the decoder. */
  decoded: z.int().min(0),
  /** Frames in which targets were looked for, or that passed with none to look for. */
  tracked: z.int().min(0),
  /** Frames that were let go because a newer one had come (live streams). */
  skipped: z.int().min(0),
  /** Times the source was opened again. */
  reconnects: z.int().min(0),
  /** Times no frame came for the stall timeout. */
  stalls: z.int().min(0),
});

/** A target as it stands: its last box, score and state, or the ones it was given with. */
export const TargetInfo = TargetMessage.extend({
  /** The frame of `box`. */
  frame: z.int().min(0),
});

/** All there is to know of a stream. Fields that come from the source are absent until it has been opened once. */
export const StreamInfo = z.object({
  stream: StreamName,
  /** Where the frames come from, without user name and password. */
  source: z.string(),
  /** live: newest frame wins. file: every frame, at its own speed; may be paused and sought. */
  kind: z.enum(['live', 'file']),
  /** false: the pictures are on another machine; a preview that is asked for never comes, and targets are added on `now` only. */
  previews: z.boolean().optional(),
  state: StreamState,
  size: Size.optional(),
  /** Average frames per second, where the source says. */
  frameRate: z.number().positive().optional(),
  /** ffmpeg's name of the codec. */
  codec: z.string().optional(),
  /** Seconds (files). */
  duration: z.number().positive().optional(),
  /** How many frames the file promises. */
  frameCount: z.int().positive().optional(),
  /** Frames still held: `addTarget` and `reinitTarget` accept these indexes. */
  held: z.object({ first: z.int().min(0), last: z.int().min(0) }).optional(),
  counts: StreamCounts,
  targets: z.array(TargetInfo),
});

/** One box of a target's first frames, see the event `added`. */
export const HistoryEntry = z.object({
  frame: z.int().min(0),
  pts: z.number(),
  box: TargetMessage.shape.box,
  score: TargetMessage.shape.score,
  state: TargetState,
});

/** How much the server allows; what is above is refused with the code named. */
export const Limits = z.object({
  /** Longest text message from a client, bytes (`TOO_LARGE`). */
  messageBytes: z.int().positive(),
  /** Commands per second, in bursts of twice that (`RATE_LIMITED`). */
  messagesPerSecond: z.number().positive(),
  /** Targets on one stream (`TARGET_LIMIT`). */
  targetsPerStream: z.int().positive(),
  /** Streams at once (`STREAM_LIMIT`). */
  streams: z.int().positive(),
  /** Bytes on their way to one client above which frames are left out for it. */
  pendingBytes: z.int().positive(),
  /** Widest preview, pixels; wider ones are asked for in vain. */
  previewWidth: z.int().positive(),
  /** Most previews per second, per stream. */
  previewRate: z.number().positive(),
});

/** none: a token is still to be shown. watch: subscribe. control: everything. */
export const Role = z.enum(['none', 'watch', 'control']);

export type Limits = z.infer<typeof Limits>;
export type Role = z.infer<typeof Role>;
export type StreamCounts = z.infer<typeof StreamCounts>;
export type StreamInfo = z.infer<typeof StreamInfo>;
export type StreamState = z.infer<typeof StreamState>;
export type TargetInfo = z.infer<typeof TargetInfo>;
export type HistoryEntry = z.infer<typeof HistoryEntry>;
