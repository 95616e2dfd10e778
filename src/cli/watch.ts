import { type Command, Option } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { each } from './option-values.js';

export interface WatchCommandOptions {
  readonly stream: readonly string[];
  readonly target: readonly string[];
  readonly maxRate?: number;
  readonly events: 'all' | 'boxes' | 'targets' | 'streams';
  readonly out: string;
  readonly once?: boolean;
}

/** `siamtrack watch URL`: prints what a server tells, as JSON lines. */
export function registerWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('print what a server tells (siamtrack serve), as JSON lines')
    .argument('[url]', 'where the server is', 'http://127.0.0.1:8080')
    .option('-s, --stream <name>', 'only this stream; may be given several times', each, [])
    .option('-t, --target <id>', 'only this target; may be given several times', each, [])
    .option('--max-rate <number>', 'box messages per second and stream at most', parseRate)
    .addOption(
      new Option('--events <kind>', 'which messages')
        .choices(['all', 'boxes', 'targets', 'streams'])
        .default('all'),
    )
    .option('-o, --out <file>', 'write the lines there; - is stdout', '-')
    .option('--once', 'end with the connection instead of coming back')
    .action(lazily(async () => (await import('./run/watch.js')).watch));
  addExamples(
    command,
    'watch | head',
    'watch http://nas.local:8080 --stream door --max-rate 5 --out door.jsonl   # SIAMTRACK_TOKEN is shown',
    'watch --events targets',
  );
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && rate <= 1000))
    throw new InvalidArgumentError('--max-rate', 'more than 0, at most 1000', text);
  return rate;
}
