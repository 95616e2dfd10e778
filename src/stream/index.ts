export { ClientError, type ClientEvents, type ClientOptions, SiamtrackClient } from './client/index.js';
export { CommandError, type HostListener, type StreamHost, type TrackedFrame } from './host.js';
export { HostListeners } from './host-listeners.js';
export * from './protocol/index.js';
