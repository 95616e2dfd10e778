import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { ModelPool, type ModelRequest } from '../batch/index.js';
import type { LiveHolderEvent, LiveJob } from '../batch/live/index.js';
import type { WorkerEvent } from '../batch/queue/index.js';
import type { Model } from '../model/index.js';
import { addExamples } from './examples.js';
import { watchInterrupts } from './interrupts.js';
import { count, HARDWARE_HELP, loadChosenModel } from './model-option.js';

interface WorkerCommandOptions {
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

/** Seconds. */
const LIVE_LEASE = 5;

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
    .action(run);
  addExamples(
    command,
    'worker --redis redis://queue.example',
    'worker --redis redis://queue.example --jobs 2 --idle 60',
  );
}

async function run(options: WorkerCommandOptions): Promise<void> {
  const { runWorker } = await import('../batch/queue/index.js');
  const { jobs, json, live } = options;
  const threads = options.threads ?? Math.min(availableParallelism(), jobs);
  const load = ({ name, ...wanted }: Omit<ModelRequest, 'engine'> & Partial<ModelRequest>) =>
    loadChosenModel({ ...wanted, model: name, threads, provider: 'cpu' });
  const models = new ModelPool(load);
  const interrupt = watchInterrupts();
  try {
    const decodeThreads = Math.max(1, Math.ceil(availableParallelism() / jobs));
    const held = live > 0 ? holdStreams(options, load, interrupt.signal) : undefined;
    await runWorker({
      ...options,
      models,
      decodeThreads,
      signal: interrupt.signal,
      onEvent: json ? jsonLine : plainLine,
    });
    await held;
  } finally {
    interrupt.stop();
    await models.dispose();
  }
}

async function holdStreams(
  { redis, queue, live, lease, json }: WorkerCommandOptions,
  load: (request: LiveJob['model']) => Promise<Model>,
  signal: AbortSignal,
): Promise<void> {
  const { holdLiveStreams } = await import('../batch/live/index.js');
  const onEvent = (event: LiveHolderEvent) => {
    if (json) return void process.stdout.write(`${JSON.stringify(event)}\n`);
    const stream = 'stream' in event && event.stream !== undefined ? `stream ${event.stream}: ` : '';
    const words =
      event.type === 'held'
        ? 'held'
        : event.type === 'released'
          ? `released: ${event.reason}`
          : event.message;
    process.stderr.write(`${new Date().toISOString()} ${stream}${words}\n`);
  };
  // Nobody waits for a video; somebody may be looking at a camera.
  await holdLiveStreams({
    ...{ redis, queue, load, signal, onEvent },
    streams: live,
    lease: Math.min(lease, LIVE_LEASE),
  });
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
    case 'warning':
      return `${event.name}: warning: ${event.message}`;
    case 'problem':
      return `${event.name === undefined ? '' : `${event.name}: `}${event.message}`;
  }
}
