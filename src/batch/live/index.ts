export { type BoxListener, LiveBridge, type WorkerStream } from './bridge.js';
export { holdLiveStreams, LiveCommand, type LiveHolderEvent, type LiveHolderOptions } from './holder.js';
export { LiveJob } from './lease.js';
export { RelayedStreams } from './relayed-streams.js';
