/**
 * Why a command was refused. Stable across releases; the message beside it is for people and may change.
 *
 * - `BAD_JSON`: a text message that is not JSON.
 * - `BAD_MESSAGE`: JSON that no command allows: a missing, misspelt or wrong field.
 * - `UNKNOWN_TYPE`: a `type` that this version does not know.
 * - `BINARY_MESSAGE`: a binary message; clients send text only.
 * - `TOO_LARGE`: a message above `limits.messageBytes`.
 * - `OUT_OF_ORDER`: an `id` that is not greater than the one before.
 * - `RATE_LIMITED`: more commands than `limits.messagesPerSecond`; this one was not carried out.
 * - `AUTH_REQUIRED`: nothing but `auth` and `ping` before a token was accepted.
 * - `BAD_TOKEN`: `auth` with a token that the server does not have.
 * - `FORBIDDEN`: the role of this connection may not do that.
 * - `STREAM_NOT_FOUND`, `STREAM_EXISTS`: no stream, or already one, of that name.
 * - `STREAM_LIMIT`: as many streams as the server allows.
 * - `STREAM_ENDED`: the stream has ended or failed: it takes no targets.
 * - `SOURCE_REFUSED`: `addStream` with a source that the server does not open for clients.
 * - `NO_FRAME`: the stream has not delivered a frame yet.
 * - `FRAME_NOT_HELD`: the frame is no longer, or not yet, held.
 * - `TARGET_NOT_FOUND`, `TARGET_EXISTS`: no target, or already one, of that id on that stream.
 * - `TARGET_LIMIT`: as many targets on the stream as the server allows.
 * - `BAD_BOX`: a box outside the frame, or too small to follow.
 * - `NOT_SEEKABLE`: pause, resume or seek on a live stream, or a seek beyond the end.
 * - `SHUTTING_DOWN`: the server is about to end.
 * - `INTERNAL`: the server failed; its log says more.
 */
export const ERROR_CODES = [
  'BAD_JSON',
  'BAD_MESSAGE',
  'UNKNOWN_TYPE',
  'BINARY_MESSAGE',
  'TOO_LARGE',
  'OUT_OF_ORDER',
  'RATE_LIMITED',
  'AUTH_REQUIRED',
  'BAD_TOKEN',
  'FORBIDDEN',
  'STREAM_NOT_FOUND',
  'STREAM_EXISTS',
  'STREAM_LIMIT',
  'STREAM_ENDED',
  'SOURCE_REFUSED',
  'NO_FRAME',
  'FRAME_NOT_HELD',
  'TARGET_NOT_FOUND',
  'TARGET_EXISTS',
  'TARGET_LIMIT',
  'BAD_BOX',
  'NOT_SEEKABLE',
  'SHUTTING_DOWN',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Why the server closes a connection: the WebSocket close code. */
export const CloseCode = {
  /** The server is shutting down. Come back later. */
  goingAway: 1001,
  /** A message above four times `limits.messageBytes`, or bad UTF-8, or a broken frame: 1007, 1009, 1002 by RFC 6455. */
  tooBig: 1009,
  /** No token was accepted in time, or three wrong ones. */
  unauthorised: 4401,
  /** The client stopped reading, or answers no ping. */
  notReading: 4408,
  /** Too many refused messages in a row. */
  abusive: 4429,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
