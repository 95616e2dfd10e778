import type { Command, HelloMessage, Limits, PreviewHeader, Role, ServerMessage } from '../protocol/index.js';
import { Connection, type ConnectionState } from './connection.js';
import { ServerClock } from './measures.js';
import { NewestPicture } from './newest-picture.js';
import { StreamView } from './stream-view.js';

type ServerEvent = Extract<ServerMessage, { type: 'target' | 'stream' }>;

export interface SessionListener {
  onState(state: ConnectionState): void;
  /** Streams, roles or targets came or went. */
  onChange(): void;
  /** A picture of the chosen stream; whoever gets it closes it. */
  onPicture(header: PreviewHeader, picture: ImageBitmap): void;
  /** A picture of any stream, closed after the call. */
  onThumbnail(stream: string, picture: ImageBitmap): void;
  onEvent(event: ServerEvent): void;
}

const THUMBNAIL = { width: 160, rate: 1 } as const;
/** Streams that one command may name. */
const MOST_NAMED = 64;

/** What the page knows of the server: its streams, and which of them it gets how much of. */
export class Session {
  readonly clock = new ServerClock();
  readonly connection: Connection;
  readonly #listener: SessionListener;
  readonly #streams = new Map<string, StreamView>();
  readonly #picture: NewestPicture<PreviewHeader, ImageBitmap>;
  readonly #thumbnails = new Map<string, NewestPicture<PreviewHeader, ImageBitmap>>();
  #chosen: string | undefined;
  #width = 640;
  role: Role = 'none';
  addStream = false;
  limits: Limits | undefined;
  state: ConnectionState = { kind: 'connecting' };

  constructor(listener: SessionListener, token: string | undefined) {
    this.#listener = listener;
    this.#picture = new NewestPicture(decode, ({ header, picture }) => {
      listener.onThumbnail(header.stream, picture);
      if (header.stream === this.#chosen && this.view?.onPreview(header)) listener.onPicture(header, picture);
      else picture.close();
    });
    this.connection = new Connection(
      {
        onState: (state) => {
          this.state = state;
          listener.onState(state);
        },
        onHello: (hello) => this.#onHello(hello),
        onMessage: (message) => this.#onMessage(message),
        onPreview: ({ header, jpeg }) => this.#previews(header.stream)?.push(header, jpeg),
        onClock: (sent, received, server) => this.clock.answer(sent, received, server),
      },
      token,
    );
    // A page that nobody sees needs no pictures.
    document.addEventListener('visibilitychange', () => this.#subscribe());
  }

  get streams(): readonly StreamView[] {
    return [...this.#streams.values()];
  }

  /** The stream that is shown. */
  get view(): StreamView | undefined {
    return this.#chosen === undefined ? undefined : this.#streams.get(this.#chosen);
  }

  get mayControl(): boolean {
    return this.role === 'control' && this.state.kind === 'open';
  }

  choose(stream: string): void {
    if (stream === this.#chosen) return;
    this.#chosen = stream;
    this.#picture.clear();
    this.#subscribe();
    this.#listener.onChange();
  }

  /** @param width pixels that pictures are shown in */
  set width(width: number) {
    // In steps, so that a window being resized does not ask for each of its widths.
    const wanted = Math.max(160, Math.ceil(width / 160) * 160);
    if (wanted === this.#width) return;
    this.#width = wanted;
    this.#subscribe();
  }

  #onHello({ role, addStream, limits, streams, time }: HelloMessage): void {
    this.role = role;
    this.addStream = addStream;
    this.limits = limits;
    const now = Date.now();
    this.clock.forget();
    this.clock.answer(now, now, time);
    const names = new Set(streams.map(({ stream }) => stream));
    // Before a token is shown none are told of, which does not mean that there are none.
    if (role !== 'none') for (const name of this.#streams.keys()) if (!names.has(name)) this.#remove(name);
    for (const info of streams) {
      const known = this.#streams.get(info.stream);
      if (known) known.refresh(info);
      else this.#streams.set(info.stream, new StreamView(info));
    }
    if (!this.view) this.#chosen = streams[0]?.stream;
    this.#subscribe();
    this.#listener.onChange();
  }

  #onMessage(message: Exclude<ServerMessage, { type: 'hello' | 'reply' }>): void {
    const view = this.#streams.get(message.stream);
    switch (message.type) {
      case 'boxes':
        view?.onBoxes(message, Date.now());
        break;
      case 'missed':
        view?.onMissed(message);
        break;
      case 'target': {
        const changed = view?.onTarget(message);
        this.#listener.onEvent(message);
        if (changed) this.#listener.onChange();
        break;
      }
      case 'stream': {
        if (message.event === 'removed') this.#remove(message.stream);
        else if (view) view.onStream(message);
        else this.#streams.set(message.stream, new StreamView(message.info));
        if (!this.view) this.#chosen = this.streams[0]?.name;
        // Where it stops, the last frame may have come without its picture: a new subscription begins with the newest one.
        if (['added', 'removed', 'paused', 'ended'].includes(message.event)) this.#subscribe();
        this.#listener.onEvent(message);
        this.#listener.onChange();
        break;
      }
    }
  }

  #remove(stream: string): void {
    this.#streams.delete(stream);
    this.#thumbnails.delete(stream);
    if (this.#chosen !== stream) return;
    this.#chosen = undefined;
    this.#picture.clear();
  }

  #previews(stream: string): NewestPicture<PreviewHeader, ImageBitmap> | undefined {
    if (stream === this.#chosen) return this.#picture;
    if (!this.#streams.has(stream)) return undefined;
    let queue = this.#thumbnails.get(stream);
    if (!queue) {
      queue = new NewestPicture(decode, ({ header, picture }) => {
        this.#listener.onThumbnail(header.stream, picture);
        picture.close();
      });
      this.#thumbnails.set(stream, queue);
    }
    return queue;
  }

  /** Every frame and large pictures of the chosen stream; of the others one a second, for the list. */
  #subscribe(): void {
    if (this.state.kind !== 'open' || this.role === 'none') return;
    const pictures = document.visibilityState !== 'hidden';
    const others = [...this.#streams.keys()].filter((name) => name !== this.#chosen);
    const commands: Command[] = [];
    if (this.#chosen !== undefined && this.#streams.has(this.#chosen)) {
      const rate = this.limits?.previewRate ?? 15;
      const preview = pictures ? { width: this.#width, rate } : undefined;
      commands.push({ type: 'subscribe', streams: [this.#chosen], preview });
    }
    for (let k = 0; k < others.length; k += MOST_NAMED)
      commands.push({
        type: 'subscribe',
        streams: others.slice(k, k + MOST_NAMED),
        maxRate: 1,
        preview: pictures ? THUMBNAIL : undefined,
      });
    // A stream that has just gone is told of by its own event.
    for (const command of commands) this.connection.request(command).catch(() => undefined);
  }
}

function decode(jpeg: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
}
