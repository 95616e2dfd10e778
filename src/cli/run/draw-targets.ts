import type { BatchInput } from '../../batch/index.js';
import { Config, StreamConfig } from '../../pipeline/config/index.js';
import { Streams } from '../../pipeline/live/index.js';
import { StreamServer, viewerFolder } from '../../stream/server/index.js';
import { loadChosenModel } from './chosen-model.js';
import { watchInterrupts } from './interrupts.js';

/** Videos shown at once: each is a stream with a decoder of its own. */
const MOST = 16;

/**
 * Shows videos in the viewer page, each paused on its first frame, until it is interrupted: there a person draws boxes and saves a
 * targets file.
 *
 * @param port 0 is any free one
 */
export async function drawTargets(videos: readonly BatchInput[], port: number): Promise<void> {
  const shown = videos.slice(0, MOST);
  const config = Config.parse({});
  const interrupt = watchInterrupts();
  const model = await loadChosenModel({ ...config.model, model: config.model.name });
  const streams = new Streams({ model, limits: config.limits, clientSources: config.clientSources });
  let server: StreamServer | undefined;
  try {
    server = await StreamServer.start(streams, { port, viewer: viewerFolder() });
    const waiting = new Set<string>();
    streams.listen({
      onFrame: ({ stream }) => {
        if (waiting.delete(stream)) streams.pause(stream);
      },
      onTarget: () => undefined,
      onStream: ({ stream, event, message }) => {
        if (event === 'error') process.stderr.write(`${stream}: ${message}\n`);
      },
    });
    for (const { name, location } of shown) {
      const stream = streamName(name, (taken) => streams.streams.some((one) => one.stream === taken));
      waiting.add(stream);
      streams.add(StreamConfig.parse({ name: stream, source: location }));
    }
    process.stdout.write(steps(server.url, shown.length, videos.length));
    await new Promise<void>((resolve) => {
      if (interrupt.signal.aborted) resolve();
      interrupt.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await server?.close();
    await streams.close();
    await model.dispose();
    interrupt.stop();
  }
}

function steps(url: string, shown: number, all: number): string {
  const rest = all > shown ? `; ${all - shown} more when these have targets` : '';
  return `${[
    `open ${url}: ${shown} ${shown === 1 ? 'video' : 'videos'}${rest}`,
    '  1. choose "Mark for a batch" and a video on the left; each is paused on its first frame',
    '  2. go to the frame on which a target is to start, and draw a box around it',
    '  3. save the targets file as CSV or JSON, for `siamtrack batch --targets`',
    'Ctrl-C ends it',
  ].join('\n')}\n`;
}

/** A video's name as a stream may have it. */
function streamName(name: string, taken: (name: string) => boolean): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const base = plain.slice(0, 60) || 'video';
  let found = base;
  for (let k = 2; taken(found); k++) found = `${base}-${k}`;
  return found;
}
