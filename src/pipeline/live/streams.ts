import { resolve } from 'node:path';
import type { z } from 'zod';
import { redactUrl } from '../../ingest/index.js';
import type { Model } from '../../model/index.js';
import {
  type AddStreamCommand,
  type AddTargetCommand,
  CommandError,
  type HostListener,
  HostListeners,
  type ReinitTargetCommand,
  type StreamEventMessage,
  type StreamHost,
  type StreamInfo,
} from '../../stream/index.js';
import { type ClientSourcesConfig, StreamConfig } from '../config/index.js';
import { checkClientSource } from './client-sources.js';
import { openStreamSource } from './open-stream-source.js';
import { StreamSession } from './stream-session.js';
import type { Place } from './stream-source.js';

export interface StreamsOptions {
  readonly model: Model;
  readonly limits: { readonly streams: number; readonly targetsPerStream: number };
  readonly clientSources: ClientSourcesConfig;
  readonly onWarning?: (stream: string, message: string, error: unknown) => void;
}

/** What `apply` did, by name. */
export interface Applied {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

interface Entry {
  readonly config: StreamConfig;
  readonly session: StreamSession;
  readonly byClient: boolean;
}

/** Streams by name, all on one model. What fails in one stays in it. */
export class Streams implements StreamHost {
  readonly #model: Model;
  readonly #onWarning: StreamsOptions['onWarning'];
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new HostListeners();
  /** Both may be changed while streams run; they hold for what comes. */
  limits: StreamsOptions['limits'];
  clientSources: ClientSourcesConfig;

  constructor({ model, limits, clientSources, onWarning }: StreamsOptions) {
    this.#model = model;
    this.#onWarning = onWarning;
    this.limits = limits;
    this.clientSources = clientSources;
  }

  get streams(): readonly StreamInfo[] {
    return [...this.#entries.values()].map(({ session }) => session.info);
  }

  listen(listener: HostListener): () => void {
    return this.#listeners.add(listener);
  }

  /** Opens a stream. @throws CommandError `STREAM_EXISTS`, `STREAM_LIMIT` */
  add(config: StreamConfig, byClient = false): StreamInfo {
    const { name } = config;
    if (this.#entries.has(name))
      throw new CommandError('STREAM_EXISTS', `stream: expected a name that no stream has, got "${name}"`);
    if (this.#entries.size >= this.limits.streams)
      throw new CommandError('STREAM_LIMIT', `expected at most ${this.limits.streams} streams, got one more`);
    const session = new StreamSession({
      name,
      source: redactUrl(config.source),
      model: this.#model,
      open: openStreamSource(config),
      held: { count: config.heldFrames, bytes: config.heldBytes },
      tracking: config.tracking,
      maxTargets: this.limits.targetsPerStream,
      targets: config.targets.map(({ id, ...rest }) => ({ target: id, ...rest })),
      listener: this.#listeners.all,
      onWarning: (message, error) => this.#onWarning?.(name, message, error),
    });
    this.#entries.set(name, { config, session, byClient });
    const { info } = session;
    this.#tell('added', info);
    return info;
  }

  /** Closes a stream. @throws CommandError `STREAM_NOT_FOUND` */
  async remove(name: string, reason: 'stream' | 'configuration' = 'stream'): Promise<void> {
    const { session } = this.#entry(name);
    await session.close(reason);
    const { info } = session;
    if (this.#entries.get(name)?.session !== session) return;
    this.#entries.delete(name);
    this.#tell('removed', info);
  }

  /**
   * Makes the streams of the configuration these: those that are the same go on untouched, as do those that clients opened.
   */
  async apply(configs: readonly StreamConfig[]): Promise<Applied> {
    const wanted = new Map(configs.map((config) => [config.name, config]));
    const present = [...this.#entries.values()].filter(({ byClient }) => !byClient);
    const removed = present.filter(({ config }) => !wanted.has(config.name)).map(({ config }) => config.name);
    const changed = present
      .filter(({ config }) => wanted.has(config.name) && !same(config, wanted.get(config.name)))
      .map(({ config }) => config.name);
    await Promise.all([...removed, ...changed].map((name) => this.remove(name, 'configuration')));
    const added: string[] = [];
    for (const config of wanted.values())
      if (!this.#entries.has(config.name)) {
        this.add(config);
        if (!changed.includes(config.name)) added.push(config.name);
      }
    return { added, removed, changed };
  }

  addTarget({ stream, ...given }: Omit<z.output<typeof AddTargetCommand>, 'type' | 'id'>) {
    return this.#entry(stream).session.addTarget(given);
  }

  reinitTarget({ stream, ...given }: Omit<z.output<typeof ReinitTargetCommand>, 'type' | 'id'>) {
    return this.#entry(stream).session.reinitTarget(given);
  }

  removeTarget(stream: string, target: string): void {
    this.#entry(stream).session.removeTarget(target);
  }

  async addStream({
    stream,
    source,
  }: Omit<z.output<typeof AddStreamCommand>, 'type' | 'id'>): Promise<StreamInfo> {
    await checkClientSource(source, this.clientSources);
    return this.add(StreamConfig.parse({ name: stream, source }), true);
  }

  async removeStream(stream: string): Promise<void> {
    if (!this.#entry(stream).byClient)
      throw new CommandError(
        'FORBIDDEN',
        `${stream}: expected a stream that a client added, got one of the configuration`,
      );
    await this.remove(stream);
  }

  pause(stream: string): void {
    this.#entry(stream).session.controls.pause();
  }

  resume(stream: string): void {
    this.#entry(stream).session.controls.resume();
  }

  seek(stream: string, to: Place): Promise<void> {
    return this.#entry(stream).session.controls.seek(to);
  }

  /** Closes every stream; resolves when nothing of them is left running. */
  async close(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((name) => this.remove(name)));
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw new CommandError('STREAM_NOT_FOUND', `stream: expected one that there is, got "${name}"`);
  }

  #tell(event: StreamEventMessage['event'], info: StreamInfo): void {
    this.#listeners.all.onStream({ type: 'stream', event, stream: info.stream, time: Date.now(), info });
  }
}

/** Both come from one schema, which gives their fields one order. */
function same(a: StreamConfig, b: StreamConfig | undefined): boolean {
  return JSON.stringify({ ...a, source: place(a) }) === JSON.stringify(b && { ...b, source: place(b) });
}

function place({ source }: StreamConfig): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(source) ? source : resolve(source);
}
