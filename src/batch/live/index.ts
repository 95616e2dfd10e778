export { type BoxListener, LiveBridge } from './bridge.js';
export { holdLiveStreams, LiveCommand, type LiveHolderEvent, type LiveHolderOptions } from './holder.js';
export { LiveJob } from './lease.js';
