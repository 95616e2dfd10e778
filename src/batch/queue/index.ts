export { type RemoteBatchOptions, runRemoteBatch } from './remote-batch.js';
