export { viewerFolder } from '../viewer-folder.js';
export { checkExposure } from './access.js';
export { DEFAULT_LIMITS, type ServerLimits, type ServerOptions } from './options.js';
export { ServerError, StreamServer } from './server.js';
