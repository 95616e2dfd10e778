import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { boxMessage } from '../src/formats/index.js';
import type { Frame } from '../src/ingest/index.js';
import { CommandError, type HostListener, type StreamHost } from '../src/stream/index.js';
import { StreamServer } from '../src/stream/server/index.js';
import { benchLatency, formatLatency, type LatencyRow } from './latency.js';
import { spreadOf } from './serve-process.js';
import { ask, startClients } from './serve-readers.js';

export interface ServeBenchOptions {
  /** As for `loadModel`; default: the shipped model. */
  readonly model?: string;
  /** Clients of the fan-out. Default 1000. */
  readonly clients?: number;
  /** Seconds of each measurement. Default 5. */
  readonly seconds?: number;
}

/** How boxes spread to many clients. */
export interface FanOut {
  readonly name: string;
  /** Messages a second that arrived, of how many that should have. */
  readonly delivered: number;
  readonly expected: number;
  /** Microseconds of the server's processor time per message. */
  readonly microseconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Bytes of the server's memory per client. */
  readonly perClient: number;
}

export interface ServeBenchResult {
  readonly fanOut: readonly FanOut[];
  readonly latency: readonly LatencyRow[];
}

const RATE = 30;
const BOXES = Array.from({ length: 4 }, (_, k) => ({
  id: String(k + 1),
  box: [100.25 + k, 80.5, 64.75, 48.125] as const,
  score: 0.9321,
  state: 'tracking' as const,
}));

/** Box messages against a bare `ws` broadcast of the same, then how soon boxes of real streams arrive. */
export async function benchServe(options: ServeBenchOptions = {}): Promise<ServeBenchResult> {
  const { model, clients = 1000, seconds = 5 } = options;
  const fanOut = [
    await spread('bare ws broadcast', bareServer, clients, 0, seconds),
    await spread('siamtrack', stubServer, clients, 0, seconds),
    await spread('siamtrack, 50 not reading', stubServer, clients, Math.min(50, clients >> 1), seconds),
  ];
  return { fanOut, latency: await benchLatency({ model, seconds }) };
}

interface Sender {
  readonly url: string;
  tick(): void;
  close(): Promise<unknown>;
}

async function spread(
  name: string,
  start: () => Promise<Sender>,
  clients: number,
  stuck: number,
  seconds: number,
): Promise<FanOut> {
  const sender = await start();
  const before = process.memoryUsage().rss;
  const readers = await startClients(sender.url, clients, stuck);
  const perClient = (process.memoryUsage().rss - before) / clients;
  let next = performance.now();
  const timer = setInterval(() => {
    for (; performance.now() >= next; next += 1000 / RATE) sender.tick();
  }, 2);
  await sleep(1000);
  readers.send('reset');
  const used = process.cpuUsage();
  const begun = performance.now();
  await sleep(seconds * 1000);
  const report = await ask(readers);
  const took = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(used);
  clearInterval(timer);
  readers.kill();
  await sender.close();
  return {
    name,
    delivered: report.messages / took,
    expected: RATE * (clients - stuck),
    microseconds: (user + system) / report.messages,
    ...spreadOf(report.latency),
    perClient,
  };
}

/** What anybody would write: every client gets the text by `send`. */
async function bareServer(): Promise<Sender> {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  let index = 0;
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    tick() {
      const message = boxMessage('bench', frameOf(index++), BOXES, { live: true });
      const text = Buffer.from(JSON.stringify({ ...message, delay: 0 }));
      for (const socket of sockets.clients)
        if (socket.readyState === WebSocket.OPEN) socket.send(text, { binary: false });
    },
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      http.close();
    },
  };
}

/** The server with a host that has nothing to do but tell of frames. */
async function stubServer(): Promise<Sender> {
  const listeners = new Set<HostListener>();
  const none = () => {
    throw new CommandError('STREAM_NOT_FOUND', 'none here');
  };
  const host: StreamHost = {
    streams: [],
    ...{ addTarget: none, reinitTarget: none, removeTarget: none, addStream: none, removeStream: none },
    ...{ pause: none, resume: none, seek: none },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const server = await StreamServer.start(host, { port: 0, limits: { clients: 10_000 } });
  let index = 0;
  return {
    url: `${server.url.replace('http', 'ws')}/ws`,
    tick() {
      const tracked = { stream: 'bench', frame: frameOf(index++), targets: BOXES, searchSeconds: 0 };
      for (const listener of listeners) listener.onFrame(tracked);
    },
    close: () => server.close(),
  };
}

function frameOf(index: number): Frame {
  const plane = new Uint8Array(0);
  const frame: Frame = {
    ...{ width: 640, height: 360, y: plane, u: plane, v: plane, range: 'limited', matrix: 'bt709' },
    ...{ index, pts: index / RATE, wallTime: Date.now() },
    retain: () => frame,
    release: () => undefined,
  };
  return frame;
}

/** Both tables as text. */
export function formatServeBench({ fanOut, latency }: ServeBenchResult): string {
  const lines = [
    'clients                      messages/s   of wanted   us/message   p50 ms   p99 ms   KB/client',
  ];
  for (const row of fanOut)
    lines.push(
      `${row.name.padEnd(28)} ${row.delivered.toFixed(0).padStart(10)} ${(row.delivered / row.expected).toFixed(3).padStart(11)} ` +
        `${row.microseconds.toFixed(1).padStart(12)} ${String(row.p50).padStart(8)} ${String(row.p99).padStart(8)} ` +
        `${(row.perClient / 1024).toFixed(0).padStart(11)}`,
    );
  lines.push('', formatLatency(latency));
  return lines.join('\n');
}
