import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { ModelPool } from '../batch/index.js';
import type { WorkerEvent } from '../batch/queue/index.js';
import { addExamples } from './examples.js';
import { watchInterrupts } from './interrupts.js';
import { count, loadChosenModel } from './model-option.js';

interface WorkerCommandOptions {
  readonly redis: string;
  readonly queue: string;
  readonly jobs: number;
  readonly threads?: number;
  readonly lease: number;
  readonly retries: number;
  readonly idle?: number;
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
    .option('--lease <seconds>', 'silence after which another worker takes over', count('--lease'), 10)
    .option(
      '--retries <count>',
      'starts of a video without progress until it is given up',
      count('--retries'),
      5,
    )
    .option('--idle <seconds>', 'end after so long without work', count('--idle'))
    .option('--json', 'print what happens as one JSON object a line', false)
    .action(run);
  addExamples(
    command,
    'worker --redis redis://queue.example',
    'worker --redis redis://queue.example --jobs 2 --idle 60',
  );
}

async function run(options: WorkerCommandOptions): Promise<void> {
  const { runWorker } = await import('../batch/queue/index.js');
  const { jobs, json } = options;
  const threads = options.threads ?? Math.min(availableParallelism(), jobs);
  const models = new ModelPool(({ name, ...wanted }) =>
    loadChosenModel({ ...wanted, model: name, threads, provider: 'cpu' }),
  );
  const interrupt = watchInterrupts();
  try {
    const decodeThreads = Math.max(1, Math.ceil(availableParallelism() / jobs));
    await runWorker({
      ...options,
      models,
      decodeThreads,
      signal: interrupt.signal,
      onEvent: json ? jsonLine : plainLine,
    });
  } finally {
    interrupt.stop();
    await models.dispose();
  }
}

function jsonLine(event: WorkerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function plainLine(event: WorkerEvent): void {
  process.stderr.write(`${new Date().toISOString()} ${words(event)}\n`);
}

function words(event: WorkerEvent): string {
  switch (event.type) {
    case 'ready':
      return `ready: ${event.worker}`;
    case 'taken':
      return `${event.name}: taken${event.start > 1 ? `, start ${event.start}` : ''}`;
    case 'ended':
      return `${event.name}: ${event.status}, ${event.frames} frames, ${event.seconds.toFixed(1)} s`;
    case 'returned':
      return `${event.name}: handed back`;
    case 'problem':
      return `${event.name === undefined ? '' : `${event.name}: `}${event.message}`;
  }
}
