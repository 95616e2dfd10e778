import { availableParallelism } from 'node:os';
import { interruption, ModelPool, type ModelRequest } from '../../batch/index.js';
import type { LiveHolderEvent, LiveJob } from '../../batch/live/index.js';
import type { WorkerEvent } from '../../batch/queue/index.js';
import type { Model } from '../../model/index.js';
import type { WorkerCommandOptions } from '../worker.js';
import { loadChosenModel } from './chosen-model.js';
import { watchInterrupts } from './interrupts.js';

/** Seconds. */
const LIVE_LEASE = 5;

/** Works on videos, and holds live streams besides, until it is told to end. */
export async function work(options: WorkerCommandOptions): Promise<void> {
  const { runWorker } = await import('../../batch/queue/index.js');
  const { jobs, json, live } = options;
  const threads = options.threads ?? Math.min(availableParallelism(), jobs);
  const load = ({ name, ...wanted }: Omit<ModelRequest, 'engine'> & Partial<ModelRequest>) =>
    loadChosenModel({ ...wanted, model: name, threads, provider: 'cpu' });
  const models = new ModelPool(load);
  const interrupt = watchInterrupts(interruption);
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
  const { holdLiveStreams } = await import('../../batch/live/index.js');
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
