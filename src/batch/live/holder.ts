import { hostname } from 'node:os';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { boxMessage, type MessageTarget } from '../../formats/index.js';
import { type Frame, openLive } from '../../ingest/index.js';
import { type Model, modelForStream } from '../../model/index.js';
import { TargetGroup } from '../../tracker/index.js';
import { BatchError } from '../errors.js';
import { connectRedis, type QueuePlace } from '../queue/connection.js';
import { leaseSettings } from '../queue/lease-settings.js';
import { channels, LIVE, LiveJob, LiveLease, type LiveState } from './lease.js';

export interface LiveHolderOptions extends QueuePlace {
  readonly load: (request: LiveJob['model']) => Promise<Model>;
  /** Streams held at once. Default 1. */
  readonly streams?: number;
  /** Seconds after which a holder that is silent counts as dead. Default 5. */
  readonly lease?: number;
  readonly onEvent?: (event: LiveHolderEvent) => void;
  /** Hands all streams back. */
  readonly signal: AbortSignal;
}

export type LiveHolderEvent =
  | { readonly type: 'held'; readonly stream: string; readonly start: number }
  | { readonly type: 'released'; readonly stream: string; readonly reason: string }
  | { readonly type: 'problem'; readonly stream?: string; readonly message: string };

/** What can be asked of a held stream. */
export const LiveCommand = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('add'),
    id: z.string().min(1),
    label: z.string().optional(),
    box: z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()]),
  }),
  z.strictObject({ type: z.literal('remove'), id: z.string().min(1) }),
]);
export type LiveCommand = z.infer<typeof LiveCommand>;

const KEEP_EVERY_MS = 1000;
/** No camera is faster: what the next holder adds to the last known index for each second, so that no index comes twice. */
const FASTEST = 240;

/**
 * Holds live streams: reads each, follows its targets, publishes their boxes. A stream that loses its holder goes to another one, which
 * goes on with the templates and places of a second before.
 */
export async function holdLiveStreams(options: LiveHolderOptions): Promise<void> {
  const { streams = 1, lease = 5, queue, signal, onEvent = () => undefined } = options;
  const connection = await connectRedis(options.redis);
  const listening = await connectRedis(options.redis);
  const running = new AbortController();
  const hold = async (job: Job<LiveJob>, token?: string): Promise<void> => {
    const parsed = LiveJob.safeParse(job.data);
    if (!parsed.success) throw new UnrecoverableError(`stream ${job.id}: ${parsed.error.issues[0]?.message}`);
    const held = await LiveLease.of(connection, queue, job, token as string);
    onEvent({ type: 'held', stream: held.stream, start: job.attemptsStarted });
    try {
      const model = modelForStream(await options.load(parsed.data.model), held.stream);
      await new HeldStream(parsed.data, held, model, listening, queue).run(running.signal);
      onEvent({ type: 'released', stream: held.stream, reason: 'ended' });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      onEvent({ type: 'released', stream: held.stream, reason });
      if (!running.signal.aborted) throw error;
      await job.moveToWait(token as string);
      throw new WaitingError();
    }
  };
  const worker = new Worker<LiveJob>(LIVE, hold, {
    connection,
    prefix: queue,
    name: `${hostname()}:${process.pid}`,
    concurrency: streams,
    ...leaseSettings(lease),
  });
  worker.on('error', (error) => onEvent({ type: 'problem', message: error.message }));
  await worker.waitUntilReady();
  const run = worker.run().catch((error: Error) => onEvent({ type: 'problem', message: error.message }));
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const closing = worker.close();
  running.abort(new BatchError('INTERRUPTED', 'the worker is stopping'));
  await closing;
  await run;
  connection.disconnect();
  listening.disconnect();
}

class HeldStream {
  readonly #job: LiveJob;
  readonly #lease: LiveLease;
  readonly #model: Model;
  readonly #listening: Redis;
  readonly #channel: string;
  readonly #commands: LiveCommand[] = [];
  readonly #labels = new Map<string, string>();
  #group: TargetGroup;
  #offset = { index: 0, pts: 0 };
  #failure: { readonly error: unknown } | undefined;
  #keptAt = 0;

  constructor(job: LiveJob, lease: LiveLease, model: Model, listening: Redis, prefix: string) {
    this.#job = job;
    this.#lease = lease;
    this.#model = model;
    this.#listening = listening;
    this.#channel = channels.commands(prefix, job.stream);
    this.#group = new TargetGroup(model, job.tracking);
  }

  async run(signal: AbortSignal): Promise<void> {
    const state = await this.#lease.kept();
    if (state) this.#goOn(state);
    else this.#commands.push(...this.#job.targets.map((target) => ({ type: 'add' as const, ...target })));
    const onMessage = (channel: string, text: string) => {
      const command = channel === this.#channel ? LiveCommand.safeParse(jsonOf(text)) : undefined;
      if (command?.success) this.#commands.push(command.data);
    };
    this.#listening.on('message', onMessage);
    await this.#listening.subscribe(this.#channel);
    const source = openLive(this.#job.source, { signal });
    try {
      let first: number | undefined;
      for await (const frame of source) {
        try {
          if (this.#failure) throw this.#failure.error;
          first ??= frame.pts;
          await this.#take(frame, frame.pts - first + this.#offset.pts);
        } finally {
          frame.release();
        }
      }
    } finally {
      this.#listening.off('message', onMessage);
      await this.#listening.unsubscribe(this.#channel).catch(() => undefined);
      await source.close();
    }
    signal.throwIfAborted();
  }

  #goOn({ index, pts, wall, labels, snapshot }: LiveState): void {
    const away = Math.max(0, Date.now() - wall) / 1000;
    this.#offset = { index: index + 1 + Math.ceil((away + KEEP_EVERY_MS / 1000) * FASTEST), pts: pts + away };
    for (const [id, label] of Object.entries(labels)) this.#labels.set(id, label);
    this.#group = TargetGroup.restore(this.#model, snapshot, this.#job.tracking);
  }

  async #take(frame: Frame, pts: number): Promise<void> {
    const results = this.#group.ids.length > 0 ? await this.#group.update(frame, pts) : new Map();
    const found: MessageTarget[] = [...results].map(([id, result]) => ({
      id,
      label: this.#labels.get(id),
      ...result,
    }));
    for (const command of this.#commands.splice(0)) {
      const { id } = command;
      this.#group.remove(id);
      const at = found.findIndex((target) => target.id === id);
      if (at >= 0) found.splice(at, 1);
      if (command.type === 'remove') continue;
      const { box, label } = command;
      // A box that cannot be followed, say outside the picture, is nobody's fault here: there is just no such target.
      const added = await this.#group.add(id, frame, box, pts).then(
        () => true,
        () => false,
      );
      if (label !== undefined) this.#labels.set(id, label);
      if (added) found.push({ id, label, box, score: 1, state: 'tracking' });
    }
    const index = frame.index + this.#offset.index;
    const { width, height, wallTime } = frame;
    const message = boxMessage(this.#job.stream, { index, pts, width, height, wallTime }, found, {
      live: true,
    });
    // Redis is not waited for: the next frame is worth more than this one's arrival.
    this.#lease.publish(message).catch((error) => this.#fail(error));
    if (Date.now() - this.#keptAt < KEEP_EVERY_MS) return;
    this.#keptAt = Date.now();
    const labels = Object.fromEntries(this.#labels);
    const state = { index, pts, wall: this.#keptAt, labels, snapshot: this.#group.snapshot() };
    this.#lease.keep(state).catch((error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
