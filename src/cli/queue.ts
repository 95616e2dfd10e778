import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';

export interface QueueCommandOptions {
  readonly redis: string;
  readonly queue: string;
  readonly json: boolean;
}

export interface QueueStreamOptions extends QueueCommandOptions {
  readonly model: string;
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
  const run = () => import('./run/queue.js');
  add('show', 'say how many jobs are where, what is running, and what was given up').action(
    lazily(async () => (await run()).show),
  );
  add('dead', 'list the jobs that were given up, and why').action(lazily(async () => (await run()).dead));
  add('retry', 'put jobs that were given up back into the queue')
    .argument('[jobs...]', 'ids or names; default: all of them')
    .action(lazily(async () => (await run()).retry));
  add('forget', 'remove jobs that were given up from the list')
    .argument('[jobs...]', 'ids or names; default: all of them')
    .action(lazily(async () => (await run()).forget));
  add('streams', 'list the live streams, and whether a worker holds each').action(
    lazily(async () => (await run()).streams),
  );
  add('add-stream', 'leave a live stream to the workers that have --live')
    .argument('<name>', 'what it is called')
    .argument('<source>', 'rtsp://, http:// ... as for `siamtrack serve`')
    .option('-m, --model <name>', 'a shipped model, a model folder or a model.json', 'default')
    .action(lazily(async () => (await run()).addStream));
  add('remove-stream', 'take a live stream away from its holder')
    .argument('<name>', 'what it is called')
    .action(lazily(async () => (await run()).removeStream));
  addExamples(
    group,
    'queue show --redis redis://queue.example',
    'queue dead --redis redis://queue.example',
    'queue retry street/0142 --redis redis://queue.example',
    'queue add-stream gate rtsp://camera/1 --redis redis://queue.example',
  );
}
