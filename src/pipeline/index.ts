export {
  type ClientSourcesConfig,
  Config,
  ConfigError,
  configSchema,
  type LimitsConfig,
  parseConfig,
  readConfig,
  type ServerConfig,
  StreamConfig,
  watchFile,
} from './config/index.js';
export { type Followed, type FollowOptions, follow, type Sink, type TargetStart } from './follow.js';
export { type Applied, Streams, type StreamsOptions } from './live/streams.js';
export { parseStart, type Start, StartNotReachedError } from './start.js';
