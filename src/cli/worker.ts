import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { HARDWARE_HELP } from './model-option.js';
import { count } from './option-values.js';

export interface WorkerCommandOptions {
  readonly redis: string;
  readonly queue: string;
  readonly jobs: number;
  readonly threads?: number;
  readonly lease: number;
  readonly retries: number;
  readonly idle?: number;
  readonly live: number;
  readonly hardware?: string;
  readonly json: boolean;
}

/** `siamtrack worker --redis URL`: works on the videos that `siamtrack batch --redis` enqueues. */
export function registerWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('work on videos that others have enqueued; SIGTERM hands them back at the next frame')
    .requiredOption('--redis <url>', 'where the queue is')
    .option('--queue <name>', 'name of the queue in Redis', 'siamtrack')
    .option('-j, --jobs <count>', 'videos at once', count('--jobs'), availableParallelism())
    .option(
      '--threads <count>',
      'threads of the network; default: as many as jobs and cores allow',
      count('--threads'),
    )
    .option('--hardware <name>', HARDWARE_HELP)
    .option(
      '--lease <seconds>',
      'silence after which another worker takes over; live streams: at most 5',
      count('--lease'),
      10,
    )
    .option(
      '--retries <count>',
      'starts of a video without progress until it is given up',
      count('--retries'),
      5,
    )
    .option('--idle <seconds>', 'end after so long without work', count('--idle'))
    .option(
      '--live <count>',
      'live streams held besides: see `siamtrack queue add-stream`',
      count('--live'),
      0,
    )
    .option('--json', 'print what happens as one JSON object a line', false)
    .action(lazily(async () => (await import('./run/worker.js')).work));
  addExamples(
    command,
    'worker --redis redis://queue.example',
    'worker --redis redis://queue.example --jobs 2 --idle 60',
  );
}
