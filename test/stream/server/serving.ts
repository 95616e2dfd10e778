import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { committedFolder } from '../../../fixtures/index.js';
import { loadModel, type Model } from '../../../src/model/index.js';
import { Config, StreamConfig } from '../../../src/pipeline/config/index.js';
import { Streams } from '../../../src/pipeline/live/index.js';
import { decodePreview, type PreviewMessage } from '../../../src/stream/index.js';
import { type ServerOptions, StreamServer } from '../../../src/stream/server/index.js';
import { writeTinyModel } from '../../model/tiny-model.js';

/** The committed clip: 320x240, 25 frames/s, 100 frames. */
export const CLIP = join(committedFolder('moving'), 'clip.mp4');

/** A real server on a free port with the clip as stream `clip`, played again and again. */
export interface Serving {
  readonly streams: Streams;
  readonly server: StreamServer;
  readonly url: string;
  stop(): Promise<void>;
}

let shared: Promise<Model> | undefined;

export async function serve(
  options: ServerOptions = {},
  { clientSources = {}, stream = {} }: { clientSources?: object; stream?: object | null } = {},
): Promise<Serving> {
  shared ??= loadModel(writeTinyModel());
  const config = Config.parse({ clientSources, limits: { targetsPerStream: 3, streams: 3 } });
  const streams = new Streams({ ...config, model: await shared });
  if (stream) streams.add(StreamConfig.parse({ name: 'clip', source: CLIP, loop: true, ...stream }));
  const server = await StreamServer.start(streams, { port: 0, ...options });
  while (streams.streams.some(({ counts }) => counts.tracked === 0)) await sleep(10);
  return {
    streams,
    server,
    url: server.url,
    stop: async () => {
      await server.close();
      await streams.close();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
type Json = any;

/** A bare WebSocket client that keeps what comes. */
export class Peer {
  readonly socket: WebSocket;
  readonly messages: Json[] = [];
  readonly previews: PreviewMessage[] = [];
  closed: { code: number; reason: string } | undefined;
  #id = 0;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, { headers = {}, protocols = [] as string[], path = '/ws' } = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, protocols, { headers });
    this.socket.on('message', (data, isBinary) => {
      if (isBinary) {
        const preview = decodePreview(new Uint8Array(data as Buffer));
        if (preview) this.previews.push(preview);
      } else this.messages.push(JSON.parse(String(data)));
      this.#wake();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#wake();
    });
    this.socket.on('error', () => undefined);
  }

  static async connect(url: string, options: ConstructorParameters<typeof Peer>[1] = {}): Promise<Peer> {
    const peer = new Peer(url, options);
    await peer.next(({ type }) => type === 'hello');
    return peer;
  }

  /** The first message that fits, of those that came or will come. */
  async next(fits: (message: Json) => boolean): Promise<Json> {
    return this.until(() => this.messages.find(fits));
  }

  /** Waits until something is so. */
  async until<T>(look: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = look();
      if (found) return found;
      if (this.closed) throw new Error(`closed: ${this.closed.code} ${this.closed.reason}`);
      await this.#change();
    }
  }

  /** Sends a command and resolves to its reply. */
  async command(command: object): Promise<Json> {
    const id = this.#id++;
    this.socket.send(JSON.stringify({ ...command, id }));
    return this.next(({ type, re }) => type === 'reply' && re === id);
  }

  /** Sends text as it is and resolves to the reply that comes next. */
  async text(text: string | Buffer): Promise<Json> {
    const before = this.messages.length;
    this.socket.send(text);
    return this.until(() => this.messages.slice(before).find(({ type }) => type === 'reply'));
  }

  async ended(): Promise<{ code: number; reason: string }> {
    while (!this.closed) await this.#change();
    return this.closed;
  }

  close(): void {
    this.socket.terminate();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.add(resolve));
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
