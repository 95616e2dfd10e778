import type { Command, HelloMessage, ReplyResult, ServerMessage } from '../protocol/index.js';
import { decodePreview, type PreviewMessage } from '../protocol/preview-message.js';
import { SOCKET_PATH, SUBPROTOCOL } from '../protocol/version.js';

/** How the connection stands. */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It was lost; the next attempt is made at `at`, milliseconds since the epoch. */
  | { readonly kind: 'waiting'; readonly attempt: number; readonly at: number }
  /** The server wants a token before anything else; `refused` where it did not know the one it was shown. */
  | { readonly kind: 'token'; readonly refused: boolean };

export interface ConnectionListener {
  onState(state: ConnectionState): void;
  onHello(hello: HelloMessage): void;
  onMessage(message: Exclude<ServerMessage, { type: 'hello' | 'reply' }>): void;
  onPreview(preview: PreviewMessage): void;
  /** A ping was answered: all in milliseconds, `server` by the server's clock. */
  onClock(sent: number, received: number, server: number): void;
}

/** A command was refused; `code` as in docs/protocol.md, or `DISCONNECTED` where its fate is not known. */
export class CommandRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (result: ReplyResult) => void;
  readonly reject: (error: CommandRefused) => void;
}

/** Milliseconds until the first new attempt, and at most; each one waits twice as long. */
const FIRST_DELAY = 400;
const MOST_DELAY = 10_000;
/** Milliseconds between pings, and of silence after which the connection counts as lost. */
const PING_INTERVAL = 4000;
const MOST_SILENCE = 13_000;
/** The server closes connections that show no token in time, or wrong ones. */
const UNAUTHORISED = 4401;

/** A connection to the server that this page came from. It comes back by itself until the page is closed. */
export class Connection {
  readonly #listener: ConnectionListener;
  readonly #waiting = new Map<number, Waiting>();
  #socket: WebSocket | undefined;
  #token: string | undefined;
  #id = 0;
  #attempt = 0;
  #heard = 0;
  #greeted = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: ConnectionListener, token?: string) {
    this.#listener = listener;
    this.#token = token;
    setInterval(() => this.#ping(), PING_INTERVAL);
  }

  /** Connects now, whatever is waited for. */
  connect(): void {
    clearTimeout(this.#retry);
    this.#drop();
    this.#listener.onState({ kind: 'connecting' });
    const address = new URL(SOCKET_PATH.slice(1), document.baseURI);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(address, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#heard = Date.now();
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket) this.#onMessage(data);
    });
    socket.addEventListener('close', ({ code }) => {
      if (this.#socket === socket) this.#onClose(code);
    });
  }

  /** Shows a token, now and whenever the connection comes back. Rejects where the server does not know it. */
  async authenticate(token: string): Promise<void> {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      // The server closed it while the token was looked for: it is shown to the next connection.
      this.#token = token;
      this.connect();
      return;
    }
    await this.request({ type: 'auth', token });
    this.#token = token;
  }

  /** Forgets the token and connects as anybody. */
  signOut(): void {
    this.#token = undefined;
    this.connect();
  }

  /** Sends a command and waits for its reply. Rejects with a {@link CommandRefused}. */
  request(command: Command): Promise<ReplyResult> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN)
      return Promise.reject(new CommandRefused('DISCONNECTED', 'there is no connection to the server'));
    const id = ++this.#id;
    const reply = new Promise<ReplyResult>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    socket.send(JSON.stringify({ ...command, id }));
    return reply;
  }

  #onMessage(data: unknown): void {
    this.#heard = Date.now();
    if (data instanceof ArrayBuffer) {
      const preview = decodePreview(data);
      if (preview) this.#listener.onPreview(preview);
      return;
    }
    const message = JSON.parse(String(data)) as ServerMessage;
    switch (message.type) {
      case 'hello':
        this.#onHello(message);
        break;
      case 'reply': {
        const waiting = message.re === null ? undefined : this.#waiting.get(message.re);
        if (message.re !== null) this.#waiting.delete(message.re);
        if (message.ok) waiting?.resolve(message.result);
        else waiting?.reject(new CommandRefused(message.error.code, message.error.message));
        break;
      }
      case 'boxes':
      case 'target':
      case 'stream':
      case 'missed':
        this.#listener.onMessage(message);
        break;
    }
  }

  #onHello(hello: HelloMessage): void {
    const first = !this.#greeted;
    this.#greeted = true;
    this.#attempt = 0;
    if (first && this.#token !== undefined) {
      this.request({ type: 'auth', token: this.#token }).catch((error: CommandRefused) => {
        if (error.code !== 'BAD_TOKEN') return;
        this.#token = undefined;
        this.#welcome(hello, true);
      });
      return;
    }
    this.#welcome(hello);
  }

  #welcome(hello: HelloMessage, refused = false): void {
    this.#listener.onState(hello.role === 'none' ? { kind: 'token', refused } : { kind: 'open' });
    this.#listener.onHello(hello);
    this.#ping();
  }

  #onClose(code: number): void {
    this.#drop();
    if (code === UNAUTHORISED) {
      // A person is looking for a token: coming back without one would be turned away again.
      this.#token = undefined;
      this.#listener.onState({ kind: 'token', refused: false });
      return;
    }
    const delay = Math.min(MOST_DELAY, FIRST_DELAY * 2 ** this.#attempt) * (0.75 + Math.random() / 2);
    this.#attempt++;
    this.#listener.onState({ kind: 'waiting', attempt: this.#attempt, at: Date.now() + delay });
    this.#retry = setTimeout(() => this.connect(), delay);
  }

  #ping(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#greeted) return;
    if (Date.now() - this.#heard > MOST_SILENCE) {
      // A network that has gone closes nothing: the browser would wait for minutes.
      this.#onClose(0);
      return;
    }
    const sent = Date.now();
    this.request({ type: 'ping' }).then(
      ({ time }) => time !== undefined && this.#listener.onClock(sent, Date.now(), time),
      () => undefined,
    );
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#greeted = false;
    this.#id = 0;
    socket?.close();
    for (const { reject } of this.#waiting.values())
      reject(new CommandRefused('DISCONNECTED', 'the connection was lost before the answer came'));
    this.#waiting.clear();
  }
}
