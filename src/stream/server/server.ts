import { readFile } from 'node:fs/promises';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type FastifyInstance, fastify } from 'fastify';
import { type Logger, pino } from 'pino';
import { WebSocketServer } from 'ws';
import { SiamtrackError } from '../../common/index.js';
import { CommandError, type HostListener, type StreamHost, type TrackedFrame } from '../host.js';
import { CloseCode, SOCKET_PATH, SUBPROTOCOL } from '../protocol/index.js';
import { Access, checkExposure, isLoopback, requestUrl } from './access.js';
import { Broadcast } from './broadcast.js';
import { Connection, type ConnectionContext, PING_INTERVAL } from './connection.js';
import { answerError, answerNonsense, authorise, registerApi } from './http-api.js';
import { Metrics } from './metrics.js';
import { NewestFrames } from './newest-frames.js';
import { registerOperations } from './operations.js';
import { accessOptions, DEFAULT_LIMITS, type ServerLimits, type ServerOptions } from './options.js';
import { Previews } from './previews.js';
import { serveFolder } from './static-files.js';

/** A server cannot listen (code `LISTEN_FAILED`): the port is taken, the address is not this machine's, a TLS file is bad. */
export class ServerError extends SiamtrackError {}

/** A request that gets no WebSocket: the status says why. */
class Rejection {
  readonly status: string;

  constructor(status: string) {
    this.status = status;
  }
}

/** Connections beside those of WebSocket clients, for requests; what is above is hung up on. */
const HTTP_CONNECTIONS = 256;
/** Milliseconds a request may take to arrive. */
const REQUEST_TIMEOUT = 30_000;
/** Milliseconds clients have to take their leave when the server closes. */
const LEAVE = 1000;

/**
 * Streams of a host, over WebSocket and HTTP.
 *
 * @example
 * const server = await StreamServer.start(streams, { port: 8080 });
 * console.log(server.url); // http://127.0.0.1:8080
 */
export class StreamServer {
  readonly metrics: Metrics;
  readonly #host: StreamHost;
  readonly #log: Logger;
  readonly #app: FastifyInstance;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #perAddress = new Map<string, number>();
  readonly #previews: Previews;
  readonly #newest: NewestFrames;
  readonly #unlisten: () => void;
  readonly #pinger: NodeJS.Timeout;
  readonly #scheme: string;
  #access: Access;
  #limits: ServerLimits;
  #addStream: boolean;
  #sentBoxes = 0;
  #closing: Promise<void> | undefined;

  private constructor(host: StreamHost, app: FastifyInstance, log: Logger, options: ServerOptions) {
    this.#host = host;
    this.#newest = new NewestFrames(host);
    this.#log = log;
    this.#app = app;
    this.#scheme = options.tls ? 'https' : 'http';
    this.#access = new Access(accessOptions(options), options.host ?? '127.0.0.1');
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#addStream = options.addStream ?? false;
    this.metrics = new Metrics({ clients: () => this.#connections.size, streams: () => host.streams });
    options.metrics?.(this.metrics.registry);
    this.#previews = new Previews({
      quality: this.#limits.previewQuality,
      onMade: (seconds) => this.metrics.preview(seconds),
      onFailed: (error) => this.#log.error({ err: error }, 'a preview could not be made'),
    });
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: 4 * this.#limits.messageBytes,
      handleProtocols: () => SUBPROTOCOL,
    });
    this.#unlisten = host.listen(this.#listener);
    this.#pinger = setInterval(() => {
      const now = performance.now();
      for (const connection of this.#connections) connection.ping(now);
    }, PING_INTERVAL);
  }

  /**
   * Starts a server.
   * @throws InvalidArgumentError for an address beyond loopback without tokens
   * @throws ServerError `LISTEN_FAILED`
   */
  static async start(host: StreamHost, options: ServerOptions = {}): Promise<StreamServer> {
    const address = options.host ?? '127.0.0.1';
    checkExposure(address, accessOptions(options));
    const log = options.log ?? pino({ level: 'silent' });
    try {
      const https = options.tls && {
        cert: await readFile(options.tls.cert),
        key: await readFile(options.tls.key),
      };
      const common = {
        ...{ bodyLimit: 65_536, forceCloseConnections: true, requestTimeout: REQUEST_TIMEOUT },
        ...{ frameworkErrors: answerError(log), clientErrorHandler: answerNonsense },
      } as const;
      const app = (https ? fastify({ ...common, https }) : fastify(common)) as FastifyInstance;
      const server = new StreamServer(host, app, log, options);
      try {
        await server.#listen(address, options);
      } catch (error) {
        await server.close();
        throw error;
      }
      return server;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ServerError('LISTEN_FAILED', `cannot listen on ${address}: ${why}`, { cause });
    }
  }

  /** Where it is, without a path. */
  get url(): string {
    const { address, port, family } = this.#app.server.address() as AddressInfo;
    const host = family === 'IPv6' ? `[${address}]` : address;
    return `${this.#scheme}://${host}:${port}`;
  }

  get clients(): number {
    return this.#connections.size;
  }

  /** Changes what may be changed while it runs; it holds for clients that come. */
  configure(options: Pick<ServerOptions, 'access' | 'limits' | 'addStream' | 'host'>): void {
    this.#access = new Access(accessOptions(options), options.host ?? '127.0.0.1');
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#addStream = options.addStream ?? false;
    this.#app.server.maxConnections = this.#limits.clients + HTTP_CONNECTIONS;
  }

  /** Tells every client to come back later, and resolves when nothing listens any more. The host stays as it is. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      clearInterval(this.#pinger);
      this.#unlisten();
      this.#newest.clear();
      for (const connection of this.#connections) connection.close(CloseCode.goingAway, 'the server ends');
      const patience = setTimeout(() => {
        for (const connection of this.#connections) connection.terminate();
      }, LEAVE);
      while (this.#connections.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      clearTimeout(patience);
      await this.#app.close();
      this.#sockets.close();
    })();
    return this.#closing;
  }

  async #listen(host: string, options: ServerOptions): Promise<void> {
    const app = this.#app;
    app.setErrorHandler(answerError(this.#log));
    app.setNotFoundHandler((_, reply) =>
      reply.status(404).send({ error: { code: 'NOT_FOUND', message: 'expected an address that there is' } }),
    );
    app.addHook('onRequest', async (request) => {
      if (!this.#access.allowsOrigin(request.raw))
        throw new CommandError('FORBIDDEN', 'expected a request from a page of this server');
    });
    app.addHook('onSend', async (_, reply) => {
      reply.header('X-Content-Type-Options', 'nosniff').header('Referrer-Policy', 'no-referrer');
    });
    registerOperations(app, this.#host, async (request) => {
      authorise(request, this.#access, 'watch');
      this.#countSent();
      return this.metrics.registry;
    });
    registerApi(app, this.#host, {
      roleOfRequest: (request) => this.#access.roleOfRequest(request),
    });
    if (options.viewer !== undefined) await serveFolder(app, options.viewer);
    (app.server as HttpServer).on('upgrade', this.#onUpgrade);
    app.server.maxConnections = this.#limits.clients + HTTP_CONNECTIONS;
    await app.listen({ host, port: options.port ?? 8080 });
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const onError = () => socket.destroy();
    socket.on('error', onError);
    const admitted = this.#admit(request);
    if (admitted instanceof Rejection) {
      // Nobody reads it, so its end would never be seen.
      socket.once('finish', () => socket.destroy());
      socket.end(`HTTP/1.1 ${admitted.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    socket.off('error', onError);
    const { address, role } = admitted;
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const log = this.#log.child({ client: address });
      const connection = new Connection(webSocket, socket, role, log, this.#context);
      this.#connections.add(connection);
      this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1);
      log.debug({ role }, 'client connected');
      webSocket.once('close', (code) => {
        this.#connections.delete(connection);
        const left = (this.#perAddress.get(address) ?? 1) - 1;
        if (left > 0) this.#perAddress.set(address, left);
        else this.#perAddress.delete(address);
        log.debug({ code }, 'client disconnected');
      });
    });
  };

  /** Who gets a WebSocket, and as whom. */
  #admit(request: IncomingMessage) {
    const { pathname } = requestUrl(request);
    const address = request.socket.remoteAddress ?? '';
    if (pathname !== SOCKET_PATH) return new Rejection('404 Not Found');
    if (!this.#access.allowsOrigin(request)) return new Rejection('403 Forbidden');
    if (this.#closing) return new Rejection('503 Service Unavailable');
    const offered = request.headers['sec-websocket-protocol'];
    if (offered !== undefined && !offered.split(/\s*,\s*/).includes(SUBPROTOCOL))
      return new Rejection('400 Bad Request');
    const { clients, clientsPerAddress } = this.#limits;
    const crowded = !isLoopback(address) && (this.#perAddress.get(address) ?? 0) >= clientsPerAddress;
    if (this.#connections.size >= clients || crowded) return new Rejection('503 Service Unavailable');
    const role = this.#access.roleOfRequest(request);
    if (role === undefined) return new Rejection('401 Unauthorized');
    return { address, role };
  }

  get #context(): ConnectionContext {
    const { messageBytes, messagesPerSecond, targetsPerStream, streams, pendingBytes } = this.#limits;
    const { previewWidth, previewRate, silence } = this.#limits;
    return {
      host: this.#host,
      access: this.#access,
      limits: {
        ...{ messageBytes, messagesPerSecond, targetsPerStream, streams, pendingBytes },
        ...{ previewWidth, previewRate },
      },
      addStream: this.#addStream,
      silence,
      log: this.#log,
      newest: (stream) => this.#newest.of(stream),
      picture: (broadcast, width, onPicture, must) => this.#previews.make(broadcast, width, onPicture, must),
      onCommand: (type, code) => this.metrics.command(type, code),
      onMissed: (kind) => this.metrics.missed(kind),
      onSent: (kind) => {
        if (kind === 'boxes') this.#sentBoxes++;
        else this.metrics.sent(kind, 1);
      },
    };
  }

  readonly #listener: HostListener = {
    onFrame: (tracked: TrackedFrame) => {
      const broadcast = new Broadcast(tracked);
      const now = performance.now();
      this.#newest.keep(tracked);
      for (const connection of this.#connections) connection.offer(broadcast, now);
      this.metrics.frame(tracked.stream, broadcast.delay / 1000, tracked.searchSeconds);
    },
    onTarget: (event) => {
      for (const connection of this.#connections) connection.targetEvent(event);
    },
    onStream: (event) => {
      if (event.event === 'removed') {
        this.#newest.forget(event.stream);
        this.metrics.forget(event.stream);
      }
      for (const connection of this.#connections) connection.streamEvent(event);
    },
  };

  /** A counter in prom-client costs more than a box message; they are told it in one go. */
  #countSent(): void {
    this.metrics.sent('boxes', this.#sentBoxes);
    this.#sentBoxes = 0;
  }
}
