import { basename, extname } from 'node:path';
import { pino } from 'pino';
import { redactUrl } from '../../ingest/index.js';
import { Config, readConfig, StreamConfig, watchFile } from '../../pipeline/config/index.js';
import { Streams } from '../../pipeline/live/index.js';
import { checkExposure, StreamServer, viewerFolder } from '../../stream/server/index.js';
import type { ServeCommandOptions } from '../serve.js';
import { loadChosenModel } from './chosen-model.js';
import { JoinedHost } from './joined-host.js';
import { openRelay, type Relay } from './relay.js';
import { encoderMetrics } from './serve-metrics.js';

/** Serves the configured and the given streams until a signal ends it. */
export async function serveStreams(sources: readonly string[], options: ServeCommandOptions): Promise<void> {
  const read = async () =>
    withOptions(await (options.config ? readConfig(options.config) : Config.parse({})), sources, options);
  let config = await read();
  const log = pino({ level: config.log.level, redact: ['req.headers', 'token'] });
  // Before the model is loaded: what cannot be is said at once.
  checkExposure(config.server.host, config.server);
  const model = await loadChosenModel({ ...config.model, model: config.model.name });
  const streams = new Streams({
    model,
    limits: config.limits,
    clientSources: config.clientSources,
    onWarning: (stream, message, error) => log.warn({ stream, err: error }, message),
  });
  streams.listen({
    onFrame: () => undefined,
    onTarget: ({ stream, event, target, frame }) => log.info({ stream, target, frame }, `target ${event}`),
    onStream: ({ stream, event, attempt, delay, code, message }) =>
      log[event === 'error' ? 'error' : 'info'](
        { stream, attempt, delay, code, reason: message },
        `stream ${event}`,
      ),
  });
  let server: StreamServer | undefined;
  let relay: Relay | undefined;
  try {
    relay = await openRelay(config, log);
    const host = relay ? new JoinedHost(streams, relay.streams) : streams;
    server = await StreamServer.start(host, {
      ...serverOptions(config),
      port: config.server.port,
      tls: config.server.tls,
      viewer: viewerFolder(),
      log,
      metrics: (registry) => encoderMetrics(registry, model.encoder),
    });
    await streams.apply(config.streams);
    log.info({ url: server.url, streams: config.streams.length, model: model.manifest.name }, 'listening');
    const running = server;
    const reload = async () => {
      try {
        const next = await read();
        warnOfRestart(config, next, (message) => log.warn(message));
        streams.limits = next.limits;
        streams.clientSources = next.clientSources;
        running.configure(serverOptions(next));
        log.level = next.log.level;
        const applied = await streams.apply(next.streams);
        config = next;
        log.info(applied, 'configuration reloaded');
      } catch (error) {
        log.error({ err: error }, 'the configuration was not reloaded; the one before goes on');
      }
    };
    await untilSignal(options.config, reload);
    log.info('shutting down');
  } finally {
    await server?.close();
    await relay?.close();
    await streams.close();
    await model.dispose();
  }
}

/** What clients may do and how much: what can change while it runs. */
function serverOptions({ server, limits, clientSources }: Config) {
  const { tokens, anonymous, origins, hosts, host } = server;
  return {
    host,
    access: { tokens, anonymous, origins, hosts },
    limits,
    addStream: clientSources.protocols.length + clientSources.folders.length > 0,
  };
}

/** The configuration with what the command line and the environment say on top. */
function withOptions(config: Config, sources: readonly string[], options: ServeCommandOptions): Config {
  const { SIAMTRACK_TOKEN, SIAMTRACK_WATCH_TOKEN } = process.env;
  const given = sources.map((text) => parseSourceArgument(text, options.loop ?? false));
  const { tokens } = config.server;
  return Config.parse({
    ...config,
    server: {
      ...config.server,
      host: options.host ?? config.server.host,
      port: options.port ?? config.server.port,
      anonymous: options.anonymous ?? config.server.anonymous,
      tokens: {
        control: [...tokens.control, ...(SIAMTRACK_TOKEN ? [SIAMTRACK_TOKEN] : [])],
        watch: [...tokens.watch, ...(SIAMTRACK_WATCH_TOKEN ? [SIAMTRACK_WATCH_TOKEN] : [])],
      },
    },
    model: {
      ...config.model,
      name: options.model ?? config.model.name,
      threads: options.threads ?? config.model.threads,
    },
    streams: [...config.streams, ...distinct(given, config.streams)],
    redis: options.redis ?? config.redis,
    queue: options.queue ?? config.queue,
  });
}

/** `name=SOURCE`, or a source whose name is taken from its last part. */
function parseSourceArgument(text: string, loop: boolean): StreamConfig {
  const named = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})=(.+)$/s.exec(text);
  const source = named ? named[2] : text;
  const last = basename(redactUrl(source).split(/[?#]/)[0]);
  const plain = last.slice(0, last.length - extname(last).length).replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  const name = named?.[1] ?? (/^[A-Za-z0-9]/.test(plain) ? plain.slice(0, 60) : 'stream');
  return StreamConfig.parse({ name, source, loop });
}

/** Numbers names that are there already: `stream`, `stream-2`, ... */
function distinct(given: readonly StreamConfig[], configured: readonly StreamConfig[]): StreamConfig[] {
  const names = new Set(configured.map(({ name }) => name));
  return given.map((config) => {
    let { name } = config;
    for (let k = 2; names.has(name); k++) name = `${config.name}-${k}`;
    names.add(name);
    return { ...config, name };
  });
}

function warnOfRestart(before: Config, after: Config, warn: (message: string) => void): void {
  const fixed = ({ server: { host, port, tls }, model, redis, queue }: Config) =>
    JSON.stringify([host, port, tls, model, redis, queue]);
  if (fixed(before) !== fixed(after))
    warn('host, port, tls, model, redis and queue change with a restart only');
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process as usual. Until then SIGHUP and changes of the file reload. */
async function untilSignal(file: string | undefined, reload: () => Promise<void>): Promise<void> {
  let reloading = Promise.resolve();
  const onReload = () => {
    reloading = reloading.then(reload);
  };
  const unwatch = file === undefined ? () => undefined : watchFile(file, onReload);
  if (file !== undefined) process.on('SIGHUP', onReload);
  await new Promise<void>((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
  unwatch();
  process.off('SIGHUP', onReload);
  await reloading;
}
