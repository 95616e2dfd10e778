import { z } from 'zod';
import { BoxMessage, TargetMessage } from '../../formats/index.js';
import { ERROR_CODES } from './codes.js';
import { HistoryEntry, Label, Limits, Role, Size, StreamInfo, StreamName, TargetId } from './values.js';

/** Milliseconds since the epoch, by the server's clock. */
const time = z.number().describe("Milliseconds since the epoch, by the server's clock.");

/** The first message of a connection, and again when `auth` has been accepted. */
export const HelloMessage = z.object({
  type: z.literal('hello'),
  /** {@link PROTOCOL_VERSION} of the server. */
  protocol: z.int().positive(),
  /** Version of the program. */
  server: z.string(),
  time,
  /** What this connection may do. `none`: send `auth` first; `streams` is empty until then. */
  role: Role,
  /** Whether `addStream` is open to clients at all. */
  addStream: z.boolean(),
  limits: Limits,
  streams: z.array(StreamInfo),
});

/** Where the targets of one stream are in one frame: the line of `siamtrack track`, with times. */
export const BoxesMessage = BoxMessage.extend({
  stream: StreamName,
  /** When the frame was decoded. */
  time,
  /** Milliseconds from then until this message was made. */
  delay: z.number().min(0),
});

/**
 * A change of a target. `added`: it is followed from `frame` on; `history` has its boxes from that frame to the newest one it
 * was caught up with. `reinitialised`: likewise. `lost`: its state became lost in that frame; `found`: its state ceased to be.
 * `removed`: it is followed no more, by command or because it failed or its stream ended.
 */
export const TargetEventMessage = z.object({
  type: z.literal('target'),
  event: z.enum(['added', 'reinitialised', 'lost', 'found', 'removed']),
  stream: StreamName,
  target: TargetId,
  label: Label.optional(),
  frame: z.int().min(0),
  pts: z.number(),
  time,
  /** Its box in that frame; for `removed` the last one. */
  box: TargetMessage.shape.box,
  score: TargetMessage.shape.score,
  state: TargetMessage.shape.state,
  /** `added` and `reinitialised` only: first entry `frame`, each entry a later frame than the one before. */
  history: z.array(HistoryEntry).optional(),
  /** Why it was removed. */
  reason: z.enum(['command', 'failed', 'stream', 'configuration']).optional(),
});

/**
 * A change of a stream; `info` is what holds from now on. `added`, `removed`: there is one more, one less. `connecting`: its source
 * is being opened. `live`: frames come. `stalled`: none came for a time. `reconnecting`: it is opened again after `delay`.
 * `changed`: frames have another size (targets keep their place in proportion). `paused`, `resumed`, `sought`: files.
 * `ended`: the source is at its end. `error`: what a person must see to (wrong credentials, no such camera); where `info.state` is
 * `error` too the stream is given up, else it is tried on. Every client is told, whatever it has subscribed to.
 */
export const StreamEventMessage = z.object({
  type: z.literal('stream'),
  event: z.enum([
    'added',
    'removed',
    'connecting',
    'live',
    'changed',
    'stalled',
    'reconnecting',
    'paused',
    'resumed',
    'sought',
    'ended',
    'error',
  ]),
  stream: StreamName,
  time,
  /** `reconnecting`: which attempt in a row, from 1. */
  attempt: z.int().positive().optional(),
  /** `reconnecting`: milliseconds until it is made. */
  delay: z.number().min(0).optional(),
  /** `reconnecting`, `error`: a stable code of what was wrong with the source. */
  code: z.string().optional(),
  /** What was wrong, for people; never with a password. */
  message: z.string().optional(),
  info: StreamInfo,
});

/**
 * What this client did not get because it reads too slowly: counts since the last such message of that stream. Frames left out by the
 * client's own `maxRate` and preview `rate` are not missed. Sent as soon as there is room again, at most once a second.
 */
export const MissedMessage = z.object({
  type: z.literal('missed'),
  stream: StreamName,
  boxes: z.int().min(0),
  previews: z.int().min(0),
});

/** Where `addTarget` and `reinitTarget` put the target. */
const TargetResult = z.object({ target: TargetId, frame: z.int().min(0) });

/** What a command brought; which of the fields are there depends on the command. */
export const ReplyResult = z.object({
  /** `addTarget`, `reinitTarget`. */
  target: TargetResult.shape.target.optional(),
  frame: TargetResult.shape.frame.optional(),
  /** `subscribe`: the streams subscribed to, as they stand; `addStream`: the new one. */
  streams: z.array(StreamInfo).optional(),
  /** `ping`. */
  time: time.optional(),
  /** `auth`. */
  role: Role.optional(),
});

/** A command was carried out. */
export const OkReply = z.object({
  type: z.literal('reply'),
  re: z.int().min(0),
  ok: z.literal(true),
  result: ReplyResult,
});

/** A command was refused, and nothing changed. `re` is null where the command had no readable `id`. */
export const ErrorReply = z.object({
  type: z.literal('reply'),
  re: z.int().min(0).nullable(),
  ok: z.literal(false),
  error: z.object({ code: z.enum(ERROR_CODES), message: z.string() }),
});

/** Exactly one for each command, never dropped, in the order of the commands: each is carried out after the one before. */
export const ReplyMessage = z.discriminatedUnion('ok', [OkReply, ErrorReply]);

/** Every text message a server sends. Readers ignore fields and types that they do not know. */
export const ServerMessage = z.union([
  HelloMessage,
  BoxesMessage,
  TargetEventMessage,
  StreamEventMessage,
  MissedMessage,
  ReplyMessage,
]);

/** The JSON header of a binary preview message: the boxes of the very frame that the picture shows. */
export const PreviewHeader = BoxesMessage.omit({ type: true, delay: true }).extend({
  type: z.literal('preview'),
  /** Size of the picture, which is the frame made smaller; boxes are in pixels of the frame (`size`). */
  picture: Size,
});

export type HelloMessage = z.infer<typeof HelloMessage>;
export type BoxesMessage = z.infer<typeof BoxesMessage>;
export type TargetEventMessage = z.infer<typeof TargetEventMessage>;
export type StreamEventMessage = z.infer<typeof StreamEventMessage>;
export type MissedMessage = z.infer<typeof MissedMessage>;
export type ReplyMessage = z.infer<typeof ReplyMessage>;
export type ReplyResult = z.infer<typeof ReplyResult>;
export type ServerMessage = z.infer<typeof ServerMessage>;
export type PreviewHeader = z.infer<typeof PreviewHeader>;
