export { ConfigError, parseConfig, readConfig } from './read.js';
export {
  type ClientSourcesConfig,
  Config,
  configSchema,
  type LimitsConfig,
  type ServerConfig,
  StreamConfig,
} from './schema.js';
export { watchFile } from './watch.js';
