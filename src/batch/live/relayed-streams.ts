import {
  CommandError,
  type HostListener,
  HostListeners,
  type StreamHost,
  type StreamInfo,
} from '../../stream/index.js';
import type { LiveBridge } from './bridge.js';
import { RelayedStream } from './relayed-stream.js';

const LOOK_EVERY_MS = 1000;

/**
 * The streams that workers hold, as a host for a server: it passes on their boxes, whichever worker holds them, and takes commands
 * for their targets. Their pictures stay with the workers: there are no previews, and targets begin on the frame that comes next.
 */
export class RelayedStreams implements StreamHost {
  readonly #bridge: LiveBridge;
  readonly #onProblem: (error: unknown) => void;
  readonly #streams = new Map<
    string,
    { readonly stream: RelayedStream; readonly stop: () => Promise<void> }
  >();
  readonly #listeners = new HostListeners();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(bridge: LiveBridge, onProblem: (error: unknown) => void) {
    this.#bridge = bridge;
    this.#onProblem = onProblem;
  }

  /**
   * Looks which streams there are, and goes on looking.
   *
   * @param bridge stays the caller's to close, after this
   * @param onProblem told where a look failed
   */
  static async open(bridge: LiveBridge, onProblem: (error: unknown) => void): Promise<RelayedStreams> {
    const streams = new RelayedStreams(bridge, onProblem);
    await streams.#look();
    streams.#again();
    return streams;
  }

  get streams(): readonly StreamInfo[] {
    return [...this.#streams.values()].map(({ stream }) => stream.info);
  }

  listen(listener: HostListener): () => void {
    return this.#listeners.add(listener);
  }

  addTarget({
    stream: name,
    target,
    label,
    box: given,
    units,
    frame,
  }: Parameters<StreamHost['addTarget']>[0]) {
    const stream = this.#get(name);
    onlyNow(frame);
    const id = target ?? stream.nextId();
    if (stream.targets.has(id))
      throw new CommandError('TARGET_EXISTS', `target: expected an id that no target has, got "${id}"`);
    const box = stream.pixels(given, units);
    return stream.followed(id, box, 'added', () =>
      this.#bridge.command(name, { type: 'add', id, label, box }),
    );
  }

  reinitTarget({
    stream: name,
    target: id,
    box: given,
    units,
    frame,
  }: Parameters<StreamHost['reinitTarget']>[0]) {
    const stream = this.#get(name);
    onlyNow(frame);
    mustHave(stream, id);
    const box = stream.pixels(given, units);
    return stream.followed(id, box, 'reinitialised', () =>
      this.#bridge.command(name, { type: 'add', id, box }),
    );
  }

  removeTarget(name: string, id: string): void {
    mustHave(this.#get(name), id);
    this.#bridge.command(name, { type: 'remove', id }).catch(this.#onProblem);
  }

  addStream(): Promise<StreamInfo> {
    return Promise.reject(
      new CommandError('SOURCE_REFUSED', 'streams are left to workers by `siamtrack queue`'),
    );
  }

  async removeStream(name: string): Promise<void> {
    this.#get(name);
    throw new CommandError(
      'FORBIDDEN',
      `${name}: expected a stream that a client added, got one that workers hold`,
    );
  }

  pause(name: string): void {
    throw notSeekable(this.#get(name));
  }

  resume(name: string): void {
    throw notSeekable(this.#get(name));
  }

  async seek(name: string): Promise<void> {
    throw notSeekable(this.#get(name));
  }

  /** Listens to nothing any more; a Redis that is away is not waited for. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { stop } of this.#streams.values()) stop().catch(() => undefined);
    this.#streams.clear();
  }

  #again(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.#look()
        .catch((error) => {
          if (!this.#closed) this.#onProblem(error);
        })
        .finally(() => this.#again());
    }, LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    const now = new Map((await this.#bridge.streams()).map((one) => [one.stream, one]));
    for (const [name, { stream, stop }] of [...this.#streams]) {
      if (now.has(name)) continue;
      this.#streams.delete(name);
      await stop();
      stream.end();
    }
    for (const { stream: name, source, held } of now.values()) {
      const known = this.#streams.get(name);
      if (known) known.stream.look(held);
      else if (!this.#closed) {
        const stream = new RelayedStream(name, source, this.#listeners.all);
        const stop = await this.#bridge.subscribe(name, (message) => stream.take(message));
        this.#streams.set(name, { stream, stop });
        stream.tell('added');
      }
    }
  }

  #get(name: string): RelayedStream {
    const found = this.#streams.get(name);
    if (found) return found.stream;
    throw new CommandError('STREAM_NOT_FOUND', `stream: expected one that there is, got "${name}"`);
  }
}

function onlyNow(frame: 'now' | number): void {
  if (frame !== 'now')
    throw new CommandError('FRAME_NOT_HELD', `frame: expected "now", as no frame is held here, got ${frame}`);
}

function mustHave(stream: RelayedStream, id: string): void {
  if (stream.targets.has(id)) return;
  const ids = [...stream.targets.keys()].map((one) => `"${one}"`).join(', ');
  throw new CommandError('TARGET_NOT_FOUND', `target: expected one of ${ids || 'none'}, got "${id}"`);
}

function notSeekable({ name }: RelayedStream): CommandError {
  return new CommandError('NOT_SEEKABLE', `${name}: expected a file, got a live stream`);
}
