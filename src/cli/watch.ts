import { type Command, Option } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { JsonLinesWriter } from '../formats/index.js';
import { type ClientError, SiamtrackClient } from '../stream/index.js';
import { addExamples } from './examples.js';

interface WatchCommandOptions {
  readonly stream: readonly string[];
  readonly target: readonly string[];
  readonly maxRate?: number;
  readonly events: 'all' | 'boxes' | 'targets' | 'streams';
  readonly out: string;
  readonly once?: boolean;
}

/** `siamtrack watch URL`: prints what a server tells, as JSON lines. */
export function registerWatch(program: Command): void {
  const each = (text: string, before: readonly string[]) => [...before, text];
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
    .action(run);
  addExamples(
    command,
    'watch | head',
    'watch http://nas.local:8080 --stream door --max-rate 5 --out door.jsonl   # SIAMTRACK_TOKEN is shown',
    'watch --events targets',
  );
}

const KINDS = {
  all: ['boxes', 'target', 'stream', 'missed'],
  boxes: ['boxes', 'missed'],
  targets: ['target'],
  streams: ['stream'],
} as const;

async function run(url: string, options: WatchCommandOptions): Promise<void> {
  if (!URL.canParse(url) || !/^(http|ws)s?:$/.test(new URL(url).protocol))
    throw new InvalidArgumentError('url', 'an http or ws address', url);
  const { stream, target, maxRate, once } = options;
  const lines = await JsonLinesWriter.open(options.out === '-' ? process.stdout : options.out);
  const client = new SiamtrackClient(url, {
    token: process.env.SIAMTRACK_TOKEN,
    ...(once ? { reconnect: false as const } : {}),
  });
  const stop = () => client.close();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  client.on('disconnected', ({ code, reason }) => {
    process.stderr.write(`disconnected (${code}${reason ? `: ${reason}` : ''})\n`);
  });
  let failure: unknown;
  let met = false;
  client.on('connected', () => {
    met = true;
  });
  const fail = (error: ClientError) => {
    const expected = error.code === 'CLOSED' || (once && met && error.code === 'DISCONNECTED');
    if (!expected) failure ??= error;
  };
  client.on('closed', fail);
  try {
    const writing = KINDS[options.events].map(async (kind) => {
      for await (const message of client.messages(kind)) await lines.write(message);
    });
    const subscribed = client.subscribe({
      ...(stream.length > 0 ? { streams: [...stream] } : {}),
      ...(target.length > 0 ? { targets: [...target] } : {}),
      ...(maxRate === undefined ? {} : { maxRate }),
    });
    subscribed.catch((error) => {
      fail(error);
      client.close();
    });
    await Promise.all(writing);
    await lines.close();
  } finally {
    client.close();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
  if (failure) throw failure;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && rate <= 1000))
    throw new InvalidArgumentError('--max-rate', 'more than 0, at most 1000', text);
  return rate;
}
