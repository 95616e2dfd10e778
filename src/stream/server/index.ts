export { viewerFolder } from '../viewer-folder.js';
export { checkExposure } from './access.js';
export { ServerError, type ServerLimits, type ServerOptions, StreamServer } from './server.js';
