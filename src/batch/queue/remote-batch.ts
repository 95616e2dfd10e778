import type { BatchSummary } from '../events.js';
import type { RunBatchOptions } from '../run-batch.js';

export interface RemoteBatchOptions extends Omit<RunBatchOptions, 'jobs' | 'decodeThreads'> {
  readonly redis: string;
  readonly queue: string;
  readonly retries: number;
  readonly window: number;
}

export async function runRemoteBatch(_options: RemoteBatchOptions): Promise<BatchSummary> {
  throw new Error('x');
}
