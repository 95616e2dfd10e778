import type { Command } from 'commander';
import type { LiveBridge } from '../batch/live/index.js';
import type { DeadLetter, QueueAdmin, QueueReport } from '../batch/queue/index.js';
import { addExamples } from './examples.js';

interface QueueCommandOptions {
  readonly redis: string;
  readonly queue: string;
  readonly json: boolean;
}

/** `siamtrack queue`: what is waiting, running and given up; and trying the latter again. */
export function registerQueue(program: Command): void {
  const group = program.command('queue').description('look after the queue of `siamtrack batch --redis`');
  const add = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .requiredOption('--redis <url>', 'where the queue is')
      .option('--queue <name>', 'name of the queue in Redis', 'siamtrack')
      .option('--json', 'print the result as JSON', false);
  add('show', 'say how many jobs are where, what is running, and what was given up').action(
    (options: QueueCommandOptions) =>
      using(options, async (admin) => print(options, await admin.report(), describe)),
  );
  add('dead', 'list the jobs that were given up, and why').action((options: QueueCommandOptions) =>
    using(options, async (admin) => print(options, await admin.dead(), describeDead)),
  );
  add('retry', 'put jobs that were given up back into the queue')
    .argument('[jobs...]', 'ids or names; default: all of them')
    .action((which: string[], options: QueueCommandOptions) =>
      using(options, async (admin) => {
        const count = await admin.retry(which.length > 0 ? which : undefined);
        print(options, { retried: count }, () => `${count} put back\n`);
      }),
    );
  add('forget', 'remove jobs that were given up from the list')
    .argument('[jobs...]', 'ids or names; default: all of them')
    .action((which: string[], options: QueueCommandOptions) =>
      using(options, async (admin) => {
        const count = await admin.forget(which.length > 0 ? which : undefined);
        print(options, { forgotten: count }, () => `${count} forgotten\n`);
      }),
    );
  add('streams', 'list the live streams, and whether a worker holds each').action(
    (options: QueueCommandOptions) =>
      withBridge(options, async (bridge) =>
        print(options, await bridge.streams(), (streams) =>
          streams
            .map(({ stream, held }) => `${stream}  ${held ? 'held' : 'waiting for a worker'}\n`)
            .join(''),
        ),
      ),
  );
  add('add-stream', 'leave a live stream to the workers that have --live')
    .argument('<name>', 'what it is called')
    .argument('<source>', 'rtsp://, http:// ... as for `siamtrack serve`')
    .option('-m, --model <name>', 'a shipped model, a model folder or a model.json', 'default')
    .action((stream: string, source: string, options: QueueCommandOptions & { readonly model: string }) =>
      withBridge(options, async (bridge) => {
        await bridge.add({ stream, source, model: { name: options.model, precision: 'auto' }, targets: [] });
        print(options, { added: stream }, () => `${stream} added\n`);
      }),
    );
  add('remove-stream', 'take a live stream away from its holder')
    .argument('<name>', 'what it is called')
    .action((stream: string, options: QueueCommandOptions) =>
      withBridge(options, async (bridge) => {
        const removed = await bridge.remove(stream);
        print(options, { removed }, () => (removed ? `${stream} removed\n` : `no stream ${stream}\n`));
      }),
    );
  addExamples(
    group,
    'queue show --redis redis://queue.example',
    'queue dead --redis redis://queue.example',
    'queue retry street/0142 --redis redis://queue.example',
    'queue add-stream gate rtsp://camera/1 --redis redis://queue.example',
  );
}

async function using(options: QueueCommandOptions, act: (admin: QueueAdmin) => Promise<void>): Promise<void> {
  const { QueueAdmin } = await import('../batch/queue/index.js');
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
  const { LiveBridge } = await import('../batch/live/index.js');
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

function describeDead(dead: readonly DeadLetter[]): string {
  return dead
    .map(({ id, name, code, message, starts, at }) => {
      const when = new Date(at).toISOString();
      return `  ${name}  ${when}  after ${starts} starts  ${code}: ${message.split('\n')[0]}\n    ${id}\n`;
    })
    .join('');
}
