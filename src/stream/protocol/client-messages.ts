import { z } from 'zod';
import { BoxInput, BoxUnits, Label, StreamName, TargetId } from './values.js';

/** Greater than that of every command before it on the same connection; the reply repeats it as `re`. */
const id = z.int().min(0).describe('Greater than in every command before it on this connection.');

/** Which frame a box belongs to. `now`: the newest one. An index: that one, if the server still holds it (`info.held`). */
const frame = z
  .union([z.literal('now'), z.int().min(0)])
  .default('now')
  .describe('The frame the box belongs to: "now" is the newest one; an index must still be held.');

/** Preview pictures: JPEGs of some of the frames. */
export const PreviewRequest = z.strictObject({
  /** Pixels; pictures are never enlarged nor wider than `limits.previewWidth`. */
  width: z.int().min(16).max(7680).default(640).describe('Widest picture in pixels; never enlarged.'),
  /** Pictures per second at most. */
  rate: z.number().positive().max(120).default(10).describe('Pictures per second at most, per stream.'),
});

/** Shows a token, where the address or the Authorization header did not. */
export const AuthCommand = z.strictObject({
  type: z.literal('auth'),
  id,
  token: z.string().min(1).max(1024),
});

/**
 * Boxes, target events and, where asked for, previews of these streams from now on. Replaces what was subscribed to on the
 * streams it names; `*` names all streams, those that will come too, and replaces everything.
 */
export const SubscribeCommand = z.strictObject({
  type: z.literal('subscribe'),
  id,
  streams: z.union([z.literal('*'), z.array(StreamName).min(1).max(64)]).default('*'),
  /** Only these targets; frames on which none of them is are told too, with an empty list. */
  targets: z.union([z.literal('*'), z.array(TargetId).min(1).max(256)]).default('*'),
  /** Box messages per second at most, per stream. */
  maxRate: z
    .number()
    .positive()
    .max(1000)
    .optional()
    .describe('Box messages per second at most, per stream.'),
  preview: PreviewRequest.optional(),
});

/** No more of these streams. */
export const UnsubscribeCommand = z.strictObject({
  type: z.literal('unsubscribe'),
  id,
  streams: z.union([z.literal('*'), z.array(StreamName).min(1).max(64)]).default('*'),
});

/** Follows what is in a box. Role control. */
export const AddTargetCommand = z.strictObject({
  type: z.literal('addTarget'),
  id,
  stream: StreamName,
  /** Default: the smallest whole number that was never an id on this stream. */
  target: TargetId.optional(),
  label: Label.optional(),
  box: BoxInput,
  units: BoxUnits.default('pixels'),
  frame,
});

/** Forgets a target. Role control. */
export const RemoveTargetCommand = z.strictObject({
  type: z.literal('removeTarget'),
  id,
  stream: StreamName,
  target: TargetId,
});

/** Shows a target anew: same id and label, new template. Role control. */
export const ReinitTargetCommand = z.strictObject({
  type: z.literal('reinitTarget'),
  id,
  stream: StreamName,
  target: TargetId,
  box: BoxInput,
  units: BoxUnits.default('pixels'),
  frame,
});

/** Opens another source. Role control, and only sources that the server's configuration allows. */
export const AddStreamCommand = z.strictObject({
  type: z.literal('addStream'),
  id,
  stream: StreamName,
  source: z.string().min(1).max(2048).describe('An address or a path, as in the configuration.'),
});

/** Closes a source that a client opened. Role control. */
export const RemoveStreamCommand = z.strictObject({
  type: z.literal('removeStream'),
  id,
  stream: StreamName,
});

/** Stops a file after the present frame. Role control. */
export const PauseCommand = z.strictObject({ type: z.literal('pause'), id, stream: StreamName });

/** Lets a paused file go on. Role control. */
export const ResumeCommand = z.strictObject({ type: z.literal('resume'), id, stream: StreamName });

/** Goes to another place of a file: a frame index, or the first frame at or after a time. Role control. */
export const SeekCommand = z.strictObject({
  type: z.literal('seek'),
  id,
  stream: StreamName,
  to: z.union([
    z.strictObject({ frame: z.int().min(0) }),
    z.strictObject({ seconds: z.number().min(0).describe('pts, seconds') }),
  ]),
});

/** Answered with the server's time: tells that it is there, and how its clock stands. */
export const PingCommand = z.strictObject({ type: z.literal('ping'), id });

/** Every message a client may send. Unknown fields are refused, so that a misspelt one is not silently nothing. */
export const ClientMessage = z.discriminatedUnion('type', [
  AuthCommand,
  SubscribeCommand,
  UnsubscribeCommand,
  AddTargetCommand,
  RemoveTargetCommand,
  ReinitTargetCommand,
  AddStreamCommand,
  RemoveStreamCommand,
  PauseCommand,
  ResumeCommand,
  SeekCommand,
  PingCommand,
]);

/** A command with its defaults filled in, as the server has it. */
export type ClientMessage = z.infer<typeof ClientMessage>;
/** A command as it is written: fields with a default may be missing. */
export type ClientMessageInput = z.input<typeof ClientMessage>;
/** A command without its number, as {@link ClientMessageInput} less `id`. */
export type Command = ClientMessageInput extends infer M
  ? M extends unknown
    ? Omit<M, 'id'>
    : never
  : never;
export type PreviewRequest = z.infer<typeof PreviewRequest>;
