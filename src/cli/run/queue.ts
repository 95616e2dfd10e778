import { LiveBridge } from '../../batch/live/index.js';
import { type DeadLetter, QueueAdmin, type QueueReport } from '../../batch/queue/index.js';
import type { QueueCommandOptions, QueueStreamOptions } from '../queue.js';

/** How many jobs are where, what is running, and what was given up. */
export const show = (options: QueueCommandOptions) =>
  withAdmin(options, async (admin) => print(options, await admin.report(), describe));

/** The jobs that were given up, and why. */
export const dead = (options: QueueCommandOptions) =>
  withAdmin(options, async (admin) => print(options, await admin.dead(), describeDead));

/** Puts jobs that were given up back; all of them where none is named. */
export const retry = (which: readonly string[], options: QueueCommandOptions) =>
  withAdmin(options, async (admin) => {
    const count = await admin.retry(which.length > 0 ? which : undefined);
    print(options, { retried: count }, () => `${count} put back\n`);
  });

/** Takes jobs that were given up off the list; all of them where none is named. */
export const forget = (which: readonly string[], options: QueueCommandOptions) =>
  withAdmin(options, async (admin) => {
    const count = await admin.forget(which.length > 0 ? which : undefined);
    print(options, { forgotten: count }, () => `${count} forgotten\n`);
  });

/** The live streams, and whether a worker holds each. */
export const streams = (options: QueueCommandOptions) =>
  withBridge(options, async (bridge) => print(options, await bridge.streams(), describeStreams));

/** Leaves a live stream to the workers. */
export const addStream = (stream: string, source: string, options: QueueStreamOptions) =>
  withBridge(options, async (bridge) => {
    await bridge.add({ stream, source, model: { name: options.model, precision: 'auto' }, targets: [] });
    print(options, { added: stream }, () => `${stream} added\n`);
  });

/** Takes a live stream away from its holder. */
export const removeStream = (stream: string, options: QueueCommandOptions) =>
  withBridge(options, async (bridge) => {
    const removed = await bridge.remove(stream);
    print(options, { removed }, () => (removed ? `${stream} removed\n` : `no stream ${stream}\n`));
  });

async function withAdmin(
  options: QueueCommandOptions,
  act: (admin: QueueAdmin) => Promise<void>,
): Promise<void> {
  const admin = await QueueAdmin.open(options);
  try {
    await act(admin);
  } finally {
    await admin.close();
  }
}

async function withBridge(
  options: QueueCommandOptions,
  act: (bridge: LiveBridge) => Promise<void>,
): Promise<void> {
  const bridge = await LiveBridge.open(options);
  try {
    await act(bridge);
  } finally {
    await bridge.close();
  }
}

function print<T>({ json }: QueueCommandOptions, value: T, words: (value: T) => string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : words(value));
}

function describe({ counts, workers, active, dead }: QueueReport): string {
  const { waiting = 0, delayed = 0, completed = 0, failed = 0 } = counts;
  const lines = [
    `${waiting} waiting, ${counts.active ?? 0} running, ${delayed} to be tried again, ${completed} done lately, ${failed} given up; ${workers} workers`,
    ...active.map(
      ({ name, worker, done, total }) => `  ${name}  ${done}${total ? `/${total}` : ''} frames  ${worker}`,
    ),
  ];
  return `${lines.join('\n')}\n${dead.length > 0 ? `given up:\n${describeDead(dead)}` : ''}`;
}

function describeStreams(streams: Awaited<ReturnType<LiveBridge['streams']>>): string {
  return streams.map(({ stream, held }) => `${stream}  ${held ? 'held' : 'waiting for a worker'}\n`).join('');
}

function describeDead(dead: readonly DeadLetter[]): string {
  return dead
    .map(({ id, name, code, message, starts, at }) => {
      const when = new Date(at).toISOString();
      return `  ${name}  ${when}  after ${starts} starts  ${code}: ${message.split('\n')[0]}\n    ${id}\n`;
    })
    .join('');
}
