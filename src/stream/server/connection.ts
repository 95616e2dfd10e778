import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { RawData, WebSocket } from 'ws';
import { packageVersion } from '../../common/index.js';
import { CommandError, type StreamHost } from '../host.js';
import {
  type ClientMessage,
  CloseCode,
  type ErrorCode,
  type HelloMessage,
  type Limits,
  PROTOCOL_VERSION,
  type ReplyResult,
  type Role,
  type StreamEventMessage,
  type TargetEventMessage,
} from '../protocol/index.js';
import type { Access } from './access.js';
import type { Broadcast } from './broadcast.js';
import { checkRole } from './commands.js';
import { MessageGate } from './message-gate.js';
import { Outbox } from './outbox.js';
import type { Picture } from './preview.js';
import { previewWidth } from './preview.js';
import { type Subscription, Subscriptions } from './subscriptions.js';

/** What a connection needs of the server it belongs to. */
export interface ConnectionContext {
  readonly host: StreamHost;
  readonly access: Access;
  readonly limits: Limits;
  readonly addStream: boolean;
  /** Milliseconds of silence after which a client is closed. */
  readonly silence: number;
  readonly log: Logger;
  /** The newest frame of a stream, made ready for a client that has just subscribed. */
  newest(stream: string): Broadcast | undefined;
  /** Makes the picture of a frame, now or, unless it must be made, never. */
  picture(broadcast: Broadcast, width: number, onPicture: (picture: Picture) => void, must: boolean): void;
  onCommand(type: string, code: ErrorCode | 'OK'): void;
  onMissed(kind: 'boxes' | 'previews'): void;
  onSent(kind: 'boxes' | 'previews'): void;
}

/** Refused messages in a row after which a client is closed. */
const MOST_REFUSED = 100;
const MOST_WRONG_TOKENS = 3;
/** Milliseconds until a client that must show a token has done so. */
const AUTH_TIMEOUT = 10_000;
/** Milliseconds between pings; a client that has not answered the last one by the next gets no frames until it does. */
export const PING_INTERVAL = 2000;

/** One client: its commands, each answered once and in order, and what it is sent. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #context: ConnectionContext;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #gate: MessageGate;
  readonly #log: Logger;
  #role: Role;
  #tail: Promise<void> = Promise.resolve();
  #refused = 0;
  #wrongTokens = 0;
  #unanswered: number | undefined;
  #authTimer: NodeJS.Timeout | undefined;

  /** @param stream the socket under the WebSocket */
  constructor(socket: WebSocket, stream: Duplex, role: Role, log: Logger, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#role = role;
    this.#log = log;
    this.#subscriptions = new Subscriptions(context.limits);
    this.#gate = new MessageGate(context.limits);
    this.#outbox = new Outbox(stream, {
      pendingBytes: context.limits.pendingBytes,
      onMissed: context.onMissed,
      onOverflow: () => this.#giveUp('more waits to be read than may'),
    });
    socket.on('message', this.#onMessage);
    socket.on('pong', this.#onPong);
    socket.on('error', (error) => this.#log.debug({ err: error }, 'client broke the protocol'));
    socket.on('close', this.#onClose);
    if (role === 'none')
      this.#authTimer = setTimeout(
        () => this.#socket.close(CloseCode.unauthorised, 'no token was shown'),
        AUTH_TIMEOUT,
      );
    this.#hello();
  }

  get role(): Role {
    return this.#role;
  }

  /**
   * A frame for those who want it.
   * @param now a clock that never goes back, milliseconds
   * @param last no other frame may come
   */
  offer(broadcast: Broadcast, now: number, last = false): void {
    const { stream } = broadcast.tracked;
    const wanted = this.#subscriptions.of(stream);
    if (!wanted) return;
    const preview = wanted.preview?.pace.due(now) ?? false;
    if (!wanted.pace || wanted.pace.due(now)) {
      this.#outbox.sendBoxes(stream, broadcast.boxes(wanted));
      this.#context.onSent('boxes');
    }
    if (preview) this.#picture(broadcast, wanted, last);
  }

  streamEvent(event: StreamEventMessage): void {
    if (this.#role === 'none') return;
    if (event.event === 'removed') {
      this.#subscriptions.removed(event.stream);
      this.#outbox.forget(event.stream);
    }
    this.#outbox.send(event);
  }

  targetEvent(event: TargetEventMessage): void {
    const wanted = this.#subscriptions.of(event.stream);
    if (!wanted || (wanted.targets && !wanted.targets.has(event.target))) return;
    this.#outbox.send(event);
  }

  /** Called every {@link PING_INTERVAL}: what was not answered until then is not being read. */
  ping(now: number): void {
    if (this.#unanswered === undefined) {
      this.#unanswered = now;
      this.#socket.ping();
      return;
    }
    this.#outbox.held = true;
    if (now - this.#unanswered >= this.#context.silence) this.#giveUp('it answers no ping');
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  /** Ends it without waiting for the client. */
  terminate(): void {
    this.#socket.terminate();
  }

  #hello(): void {
    const { host, limits, addStream } = this.#context;
    const hello: HelloMessage = {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      server: packageVersion(),
      time: Date.now(),
      role: this.#role,
      addStream,
      limits,
      streams: this.#role === 'none' ? [] : [...host.streams],
    };
    this.#outbox.send(hello);
  }

  #picture(broadcast: Broadcast, wanted: Subscription, must: boolean): void {
    const { stream, frame } = broadcast.tracked;
    const width = previewWidth(wanted.preview?.width ?? 0, frame.width);
    const onPicture = (picture: Picture) => {
      // It may have changed its mind meanwhile.
      if (this.#subscriptions.of(stream) !== wanted) return;
      this.#outbox.sendPreview(stream, broadcast.preview(wanted, picture));
      this.#context.onSent('previews');
    };
    this.#context.picture(broadcast, width, onPicture, must);
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    const { re, ...read } = this.#gate.admit(data as Buffer, isBinary);
    if ('error' in read) {
      this.#refuse(re, read.error);
      return;
    }
    this.#refused = 0;
    this.#tail = this.#tail.then(() => this.#carryOut(read.command));
  };

  async #carryOut(command: ClientMessage): Promise<void> {
    const { id, type } = command;
    try {
      checkRole(type, this.#role);
      const { result, after } = await this.#do(command);
      this.#outbox.send({ type: 'reply', re: id, ok: true, result });
      this.#context.onCommand(type, 'OK');
      after?.();
    } catch (error) {
      if (!(error instanceof CommandError)) this.#log.error({ err: error, type }, 'a command failed');
      const refusal =
        error instanceof CommandError
          ? error
          : new CommandError('INTERNAL', 'the server failed; its log says more');
      this.#reply(id, refusal);
      this.#context.onCommand(type, refusal.code);
    } finally {
      this.#gate.done();
    }
  }

  /** Does it. `after` comes after the reply. */
  async #do(command: ClientMessage): Promise<{ result: ReplyResult; after?: () => void }> {
    const { host } = this.#context;
    switch (command.type) {
      case 'ping':
        return { result: { time: Date.now() } };
      case 'auth':
        return this.#authenticate(command.token);
      case 'subscribe':
        return this.#subscribe(command);
      case 'unsubscribe':
        this.#subscriptions.unsubscribe(command.streams);
        break;
      case 'addTarget': {
        const { type: _, id: __, ...given } = command;
        return { result: await host.addTarget(given) };
      }
      case 'reinitTarget': {
        const { type: _, id: __, ...given } = command;
        return { result: await host.reinitTarget(given) };
      }
      case 'removeTarget':
        host.removeTarget(command.stream, command.target);
        break;
      case 'addStream':
        return { result: { streams: [await host.addStream(command)] } };
      case 'removeStream':
        await host.removeStream(command.stream);
        break;
      case 'pause':
      case 'resume':
        host[command.type](command.stream);
        break;
      case 'seek':
        await host.seek(command.stream, command.to);
        break;
    }
    return { result: {} };
  }

  #authenticate(token: string): { result: ReplyResult; after: () => void } {
    const role = this.#context.access.roleOf(token);
    if (!role) {
      this.#wrongTokens++;
      this.#log.warn('a client showed a wrong token');
      if (this.#wrongTokens >= MOST_WRONG_TOKENS)
        setImmediate(() => this.#socket.close(CloseCode.unauthorised, 'wrong tokens'));
      throw new CommandError('BAD_TOKEN', 'token: expected one that the server has');
    }
    clearTimeout(this.#authTimer);
    this.#role = role;
    return { result: { role }, after: () => this.#hello() };
  }

  #subscribe(command: Extract<ClientMessage, { type: 'subscribe' }>): {
    result: ReplyResult;
    after: () => void;
  } {
    const { host } = this.#context;
    const { streams } = host;
    const missing =
      command.streams === '*'
        ? undefined
        : command.streams.find((name) => !streams.some(({ stream }) => stream === name));
    if (missing !== undefined)
      throw new CommandError('STREAM_NOT_FOUND', `streams: expected ones that there are, got "${missing}"`);
    this.#subscriptions.subscribe(command);
    const chosen = streams.filter(
      ({ stream }) => command.streams === '*' || command.streams.includes(stream),
    );
    return {
      result: { streams: chosen },
      // What stands still (a paused or ended file, a camera that is away) is shown as it last was.
      after: () => {
        const now = performance.now();
        for (const { stream } of chosen) {
          const newest = this.#context.newest(stream);
          if (newest) this.offer(newest, now, true);
        }
      },
    };
  }

  #refuse(re: number | null, error: CommandError): void {
    this.#context.onCommand('refused', error.code);
    this.#reply(re, error);
    if (++this.#refused >= MOST_REFUSED) {
      this.#log.warn({ code: error.code }, 'a client is closed for its messages');
      this.#socket.close(CloseCode.abusive, 'too many refused messages');
    }
  }

  #reply(re: number | null, { code, message }: CommandError): void {
    this.#outbox.send({ type: 'reply', re, ok: false, error: { code, message } });
  }

  /** It does not read: a closing handshake would wait for it. */
  #giveUp(why: string): void {
    this.#log.info({ why }, 'a client is closed');
    this.#outbox.close();
    this.#socket.close(CloseCode.notReading, why);
    this.#socket.terminate();
  }

  readonly #onPong = () => {
    this.#unanswered = undefined;
    this.#outbox.held = false;
  };

  readonly #onClose = () => {
    clearTimeout(this.#authTimer);
    this.#outbox.close();
  };
}
