import type { Logger } from 'pino';
import type { Config } from '../../pipeline/config/index.js';
import type { StreamHost } from '../../stream/index.js';

/** What a server passes on for others. */
export interface Relay {
  readonly streams: StreamHost;
  close(): Promise<void>;
}

/** The streams that workers hold, where the configuration names a Redis. */
export async function openRelay({ redis, queue }: Config, log: Logger): Promise<Relay | undefined> {
  if (redis === undefined) return undefined;
  const { LiveBridge, RelayedStreams } = await import('../../batch/live/index.js');
  const bridge = await LiveBridge.open({ redis, queue });
  try {
    const streams = await RelayedStreams.open(bridge, (error) =>
      log.warn({ err: error }, 'the streams of the workers could not be looked up'),
    );
    streams.listen({
      onFrame: () => undefined,
      onTarget: ({ stream, event, target, frame }) =>
        log.info({ stream, target, frame, relayed: true }, `target ${event}`),
      onStream: ({ stream, event, message }) =>
        log.info({ stream, reason: message, relayed: true }, `stream ${event}`),
    });
    log.info({ streams: streams.streams.length }, 'passing on the streams of workers');
    return {
      streams,
      close: async () => {
        streams.close();
        await bridge.close();
      },
    };
  } catch (error) {
    await bridge.close();
    throw error;
  }
}
