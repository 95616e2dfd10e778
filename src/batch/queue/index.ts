export { type DeadLetter, QueueAdmin, type QueueReport } from './admin.js';
export type { QueuePlace } from './connection.js';
export { type RemoteBatchOptions, runRemoteBatch } from './remote-batch.js';
export { runWorker, type WorkerEvent, type WorkerOptions } from './worker.js';
