export { ClientError, type ClientEvents, type ClientOptions, SiamtrackClient } from './client/index.js';
export { CommandError, type HostListener, type StreamHost, type TrackedFrame } from './host.js';
export { HostListeners } from './host-listeners.js';
export * from './protocol/index.js';
export { checkExposure } from './server/access.js';
export { ServerError, type ServerLimits, type ServerOptions, StreamServer } from './server/server.js';
export { viewerFolder } from './viewer-folder.js';
