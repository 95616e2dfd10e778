export {
  AddStreamCommand,
  AddTargetCommand,
  AuthCommand,
  ClientMessage,
  type ClientMessageInput,
  type Command,
  PauseCommand,
  PingCommand,
  PreviewRequest,
  ReinitTargetCommand,
  RemoveStreamCommand,
  RemoveTargetCommand,
  ResumeCommand,
  SeekCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from './client-messages.js';
export { CloseCode, ERROR_CODES, type ErrorCode } from './codes.js';
export { protocolSchema } from './json-schema.js';
export { decodePreview, encodePreview, type PreviewMessage } from './preview-message.js';
export {
  BoxesMessage,
  ErrorReply,
  HelloMessage,
  MissedMessage,
  OkReply,
  PreviewHeader,
  ReplyMessage,
  ReplyResult,
  ServerMessage,
  StreamEventMessage,
  TargetEventMessage,
} from './server-messages.js';
export {
  BoxInput,
  BoxUnits,
  HistoryEntry,
  Label,
  Limits,
  Role,
  Size,
  StreamCounts,
  StreamInfo,
  StreamName,
  StreamState,
  TargetId,
  TargetInfo,
} from './values.js';
export { PROTOCOL_VERSION, SOCKET_PATH, SUBPROTOCOL } from './version.js';
