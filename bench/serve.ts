import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { boxMessage } from '../src/formats/index.js';
import type { Frame } from '../src/ingest/index.js';
import { loadModel } from '../src/model/index.js';
import { Config, StreamConfig, Streams } from '../src/pipeline/index.js';
import { CommandError, type HostListener, type StreamHost, StreamServer } from '../src/stream/index.js';
import type { ClientReport } from './serve-clients.js';

export interface ServeBenchOptions {
  /** As for `loadModel`; default: the shipped model. */
  readonly model?: string;
  /** Clients of the fan-out. Default 1000. */
  readonly clients?: number;
  /** Seconds of each measurement. Default 5. */
  readonly seconds?: number;
  /** Numbers of streams whose latency is measured. Default 1, 4. */
  readonly streams?: readonly number[];
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

export interface LatencyRow {
  readonly streams: number;
  readonly targets: number;
  /** Of the frames that should have come in that time, how many did, and how many were let go. */
  readonly framesPerSecond: number;
  readonly skipped: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Share of one processor that the server used. */
  readonly processor: number;
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
  const { clients = 1000, seconds = 5, streams = [1, 4] } = options;
  const fanOut = [
    await spread('bare ws broadcast', bareServer, clients, 0, seconds),
    await spread('siamtrack', stubServer, clients, 0, seconds),
    await spread('siamtrack, 50 not reading', stubServer, clients, Math.min(50, clients >> 1), seconds),
  ];
  const latency: LatencyRow[] = [];
  for (const count of streams) latency.push(await latencyOf(options.model, count, 1, seconds));
  latency.push(await latencyOf(options.model, 4, 16, seconds));
  return { fanOut, latency };
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
    ...percentiles(report.latency),
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

async function latencyOf(
  model: string | undefined,
  count: number,
  targets: number,
  seconds: number,
): Promise<LatencyRow> {
  const loaded = await loadModel(model);
  const streams = new Streams({ ...Config.parse({}), model: loaded });
  const server = await StreamServer.start(streams, { port: 0 });
  const boxes = Array.from({ length: targets }, (_, k) => ({
    id: String(k + 1),
    box: [40 + 130 * (k % 4), 30 + 70 * (k >> 2), 64, 48],
  }));
  for (let k = 0; k < count; k++)
    streams.add(
      StreamConfig.parse({
        name: `s${k}`,
        source: `lavfi:testsrc2=size=640x360:rate=${RATE}`,
        targets: boxes,
      }),
    );
  while (streams.streams.some(({ counts }) => counts.tracked < 5)) await sleep(50);
  const readers = await startClients(`${server.url.replace('http', 'ws')}/ws`, 1, 0);
  await sleep(500);
  readers.send('reset');
  const skipped = () => streams.streams.reduce((sum, { counts }) => sum + counts.skipped, 0);
  const before = skipped();
  const used = process.cpuUsage();
  const begun = performance.now();
  await sleep(seconds * 1000);
  const report = await ask(readers);
  const took = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(used);
  const row = {
    streams: count,
    targets,
    framesPerSecond: report.messages / took / count,
    skipped: (skipped() - before) / took / count,
    ...percentiles(report.latency),
    most: Math.max(...report.latency),
    processor: (user + system) / 1e6 / took,
  };
  readers.kill();
  await server.close();
  await streams.close();
  await loaded.dispose();
  return row;
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

async function startClients(url: string, count: number, stuck: number): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('./serve-clients.js', import.meta.url));
  const child = fork(script, [url, String(count), String(stuck)]);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', () => reject(new Error('the clients could not connect')));
  });
  return child;
}

function ask(child: ChildProcess): Promise<ClientReport> {
  return new Promise((resolve) => {
    child.once('message', (report) => resolve(report as ClientReport));
    child.send('report');
  });
}

function percentiles(values: readonly number[]): { p50: number; p99: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
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
  lines.push(
    '',
    'streams x targets   frames/s each   skipped/s each   p50 ms   p99 ms   most ms   processor',
  );
  for (const row of latency)
    lines.push(
      `${`${row.streams} x ${row.targets}`.padEnd(17)} ${row.framesPerSecond.toFixed(1).padStart(15)} ${row.skipped.toFixed(1).padStart(16)} ` +
        `${String(row.p50).padStart(8)} ${String(row.p99).padStart(8)} ${String(row.most).padStart(9)} ${row.processor.toFixed(2).padStart(11)}`,
    );
  return lines.join('\n');
}
