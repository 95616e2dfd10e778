// Runs in browsers too: nothing of Node is imported here, and of the protocol only types and what is as free of it.
import { SiamtrackError } from '../../common/errors.js';
import type { Command } from '../protocol/client-messages.js';
import { CloseCode, type ErrorCode } from '../protocol/codes.js';
import { decodePreview, type PreviewMessage } from '../protocol/preview-message.js';
import type {
  BoxesMessage,
  HelloMessage,
  MissedMessage,
  ReplyResult,
  ServerMessage,
  StreamEventMessage,
  TargetEventMessage,
} from '../protocol/server-messages.js';
import { SOCKET_PATH, SUBPROTOCOL } from '../protocol/version.js';
import { Emitter } from './emitter.js';
import { MessageQueue } from './message-queue.js';
import { openSocket, type Socket } from './socket.js';

/** A command that was refused (the server's code), or never reached it (`DISCONNECTED`, `CLOSED`, `TIMED_OUT`). */
export class ClientError extends SiamtrackError {
  declare readonly code: ErrorCode | 'DISCONNECTED' | 'CLOSED' | 'TIMED_OUT';
}

export interface ClientOptions {
  /** Shown to the server as the first message of every connection. */
  readonly token?: string;
  /** Milliseconds before the first new attempt, and at most; each takes twice as long, less a share of chance. */
  readonly reconnect?: { readonly initial?: number; readonly most?: number } | false;
  /** Milliseconds a command and a sign of life may take. Default 20000. */
  readonly timeout?: number;
}

/** What a client tells, by name. */
export interface ClientEvents {
  /** A connection is up, and has been authorised where a token was needed. */
  connected: HelloMessage;
  /** It is down; it comes back by itself unless the client was closed. */
  disconnected: { readonly code: number; readonly reason: string };
  boxes: BoxesMessage;
  target: TargetEventMessage;
  stream: StreamEventMessage;
  missed: MissedMessage;
  preview: PreviewMessage;
  /** It will not come back: closed, or its token is wrong. */
  closed: ClientError;
}

type Wish = Omit<Extract<Command, { type: 'subscribe' }>, 'type'>;

interface Pending {
  readonly resolve: (result: ReplyResult) => void;
  readonly reject: (error: ClientError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Milliseconds between signs of life. */
const PING_EVERY = 10_000;

/**
 * Talks to `siamtrack serve`, from Node and from browsers. Connects at once, comes back by itself, and then subscribes again.
 *
 * @example
 * const client = new SiamtrackClient('http://127.0.0.1:8080');
 * await client.subscribe();
 * await client.send({ type: 'addTarget', stream: 'door', box: [412, 300, 96, 54] });
 * for await (const { stream, frame, targets } of client.messages('boxes')) console.log(stream, frame, targets);
 */
export class SiamtrackClient {
  readonly #url: string;
  readonly #options: ClientOptions;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #pending = new Map<number, Pending>();
  readonly #queues = new Set<MessageQueue<never>>();
  #wishes: Wish[] = [];
  #socket: Socket | undefined;
  #hello: HelloMessage | undefined;
  #nextId = 0;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pinger: ReturnType<typeof setInterval> | undefined;
  #closed: ClientError | undefined;

  /** @param url the server: `http://HOST:PORT`, or `ws://` alike */
  constructor(url: string, options: ClientOptions = {}) {
    const address = new URL(url);
    address.protocol = address.protocol.replace('http', 'ws');
    if (address.pathname === '/') address.pathname = SOCKET_PATH;
    this.#url = address.href;
    this.#options = options;
    void this.#connect();
  }

  /** The newest hello; undefined while there is no connection. */
  get hello(): HelloMessage | undefined {
    return this.#hello;
  }

  /** Calls back for every event of a kind. @returns a function that ends that */
  on<K extends keyof ClientEvents>(event: K, listener: (value: ClientEvents[K]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  /** Resolves when there is a connection. @throws ClientError `CLOSED`, `BAD_TOKEN` when there will be none */
  connected(): Promise<HelloMessage> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#hello) return Promise.resolve(this.#hello);
    return new Promise((resolve, reject) => {
      const offs = [
        this.on('connected', (hello) => settle(() => resolve(hello))),
        this.on('closed', (error) => settle(() => reject(error))),
      ];
      const settle = (then: () => void) => {
        for (const off of offs) off();
        then();
      };
    });
  }

  /**
   * Sends a command, once there is a connection.
   * @returns what it brought
   * @throws ClientError when it was refused, or its connection ended before the reply: then nobody knows whether it was carried out
   */
  async send(command: Command): Promise<ReplyResult> {
    await this.connected();
    return this.#send(command);
  }

  /** Subscribes, and again after every reconnection. By default to everything but previews. @throws as {@link send} */
  async subscribe(wish: Wish = {}): Promise<ReplyResult> {
    const result = await this.send({ type: 'subscribe', ...wish });
    const { streams = '*' } = wish;
    this.#wishes = [...(streams === '*' ? [] : this.#wishes), wish];
    return result;
  }

  /** Ends subscriptions, for reconnections too. @throws as {@link send} */
  async unsubscribe(streams: '*' | string[] = '*'): Promise<ReplyResult> {
    const result = await this.send({ type: 'unsubscribe', streams });
    const still = (wish: Wish): Wish[] => {
      if (streams === '*') return [];
      if (!Array.isArray(wish.streams)) return [wish];
      const left = wish.streams.filter((name) => !streams.includes(name));
      return left.length > 0 ? [{ ...wish, streams: left }] : [];
    };
    this.#wishes = this.#wishes.flatMap(still);
    return result;
  }

  /**
   * Messages of a kind, one after another, until the client is closed. Of those that are not taken the newest `most` are kept.
   */
  messages<K extends 'boxes' | 'target' | 'stream' | 'missed' | 'preview'>(
    kind: K,
    { most = 256 }: { readonly most?: number } = {},
  ): AsyncIterableIterator<ClientEvents[K]> {
    const queue = new MessageQueue<ClientEvents[K]>(most, () => {
      off();
      this.#queues.delete(queue as MessageQueue<never>);
    });
    const off = this.on(kind, (message) => queue.push(message));
    if (this.#closed) queue.end();
    else this.#queues.add(queue as MessageQueue<never>);
    return queue;
  }

  /** Ends the connection for good. */
  close(): void {
    this.#end(new ClientError('CLOSED', 'expected an open client, got one that was closed'));
  }

  async #connect(): Promise<void> {
    try {
      const socket = await openSocket(this.#url, SUBPROTOCOL);
      if (this.#closed) {
        socket.close();
        return;
      }
      this.#socket = socket;
      socket.onMessage = (data) => this.#onData(data);
      socket.onClose = (code, reason) => this.#onClose(code, reason);
    } catch (error) {
      this.#onClose(1006, error instanceof Error ? error.message : String(error));
    }
  }

  #onData(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      const preview = decodePreview(data);
      if (preview) this.#emitter.emit('preview', preview);
      return;
    }
    const message = JSON.parse(data) as ServerMessage;
    switch (message.type) {
      case 'hello':
        this.#onHello(message).catch(() => undefined);
        break;
      case 'reply':
        this.#onReply(message);
        break;
      case 'boxes':
        this.#emitter.emit('boxes', message);
        break;
      case 'target':
        this.#emitter.emit('target', message);
        break;
      case 'stream':
        this.#emitter.emit('stream', message);
        break;
      case 'missed':
        this.#emitter.emit('missed', message);
        break;
    }
  }

  async #onHello(hello: HelloMessage): Promise<void> {
    const { token } = this.#options;
    if (hello.role === 'none') {
      if (token === undefined) {
        this.#end(new ClientError('AUTH_REQUIRED', 'expected a token, got none'));
        return;
      }
      try {
        await this.#send({ type: 'auth', token });
      } catch (error) {
        if (error instanceof ClientError && error.code === 'BAD_TOKEN') this.#end(error);
        throw error;
      }
      return;
    }
    const socket = this.#socket;
    for (const wish of this.#hello ? [] : this.#wishes) {
      // Streams may have gone meanwhile.
      await this.#send({ type: 'subscribe', ...wish }).catch(() => undefined);
    }
    if (socket !== this.#socket || !socket) return;
    this.#attempt = 0;
    this.#hello = hello;
    clearInterval(this.#pinger);
    this.#pinger = setInterval(() => {
      this.#send({ type: 'ping' }).catch((error) => {
        if (error instanceof ClientError && error.code === 'TIMED_OUT') socket.close();
      });
    }, PING_EVERY);
    this.#emitter.emit('connected', hello);
  }

  #onReply(message: Extract<ServerMessage, { type: 'reply' }>): void {
    if (message.re === null) return;
    const pending = this.#pending.get(message.re);
    if (!pending) return;
    this.#pending.delete(message.re);
    clearTimeout(pending.timer);
    if (message.ok) pending.resolve(message.result);
    else pending.reject(new ClientError(message.error.code, message.error.message));
  }

  #send(command: Command): Promise<ReplyResult> {
    const socket = this.#socket;
    if (!socket) return Promise.reject(this.#closed ?? disconnected());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new ClientError('TIMED_OUT', `${command.type}: expected a reply, got none in time`));
      }, this.#options.timeout ?? 20_000);
      this.#pending.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ ...command, id }));
    });
  }

  #onClose(code: number, reason: string): void {
    clearInterval(this.#pinger);
    this.#socket = undefined;
    this.#hello = undefined;
    this.#nextId = 0;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(this.#closed ?? disconnected());
    }
    this.#pending.clear();
    if (this.#closed) return;
    this.#emitter.emit('disconnected', { code, reason });
    const { reconnect = {} } = this.#options;
    if (code === CloseCode.unauthorised)
      this.#end(new ClientError('BAD_TOKEN', reason || 'the token was refused'));
    else if (reconnect === false) this.#end(disconnected());
    else {
      const { initial = 250, most = 10_000 } = reconnect;
      const delay = Math.min(most, initial * 2 ** this.#attempt++) * (0.5 + Math.random() / 2);
      this.#retry = setTimeout(() => void this.#connect(), delay);
    }
  }

  #end(error: ClientError): void {
    if (this.#closed) return;
    this.#closed = error;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#onClose(1000, '');
    socket?.close();
    for (const queue of this.#queues) queue.end();
    this.#emitter.emit('closed', error);
  }
}

function disconnected(): ClientError {
  return new ClientError(
    'DISCONNECTED',
    'expected a connection, got none, or one that ended before the reply',
  );
}
