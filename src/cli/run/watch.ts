import { InvalidArgumentError } from '../../common/index.js';
import { JsonLinesWriter } from '../../formats/index.js';
import { type ClientError, SiamtrackClient } from '../../stream/client/index.js';
import type { WatchCommandOptions } from '../watch.js';

const KINDS = {
  all: ['boxes', 'target', 'stream', 'missed'],
  boxes: ['boxes', 'missed'],
  targets: ['target'],
  streams: ['stream'],
} as const;

/** Writes what a server tells, a line a message, until it or the person ends it. */
export async function watch(url: string, options: WatchCommandOptions): Promise<void> {
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
