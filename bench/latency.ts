import { setTimeout as sleep } from 'node:timers/promises';
import { loadModel } from '../src/model/index.js';
import { Config, StreamConfig } from '../src/pipeline/config/index.js';
import { Streams } from '../src/pipeline/live/index.js';
import { StreamServer } from '../src/stream/server/index.js';
import { spreadOf } from './serve-process.js';
import { ask, startClients } from './serve-readers.js';

/** Frames a second of each stream. */
const RATE = 30;

export interface LatencyOptions {
  /** As for `loadModel`; default: the shipped model. */
  readonly model?: string;
  /** Seconds of each measurement. Default 10. */
  readonly seconds?: number;
}

/** How soon boxes of real streams arrive, in milliseconds from a frame's decoding to its message on a client's socket. */
export interface LatencyRow {
  readonly streams: number;
  readonly targets: number;
  /** Of the frames that should have come in that time, how many did, and how many were let go. */
  readonly framesPerSecond: number;
  readonly skipped: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Share of one processor that the server used. */
  readonly processor: number;
}

/** One target on each of one stream and of four, then more than the processor can do. */
export async function benchLatency({ model, seconds = 10 }: LatencyOptions = {}): Promise<LatencyRow[]> {
  return [
    await latencyOf(model, 1, 1, seconds),
    await latencyOf(model, 4, 1, seconds),
    await latencyOf(model, 4, 16, seconds),
  ];
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
    box: [10 + 75 * (k % 4), 10 + 55 * (k >> 2), 56, 40],
  }));
  for (let k = 0; k < count; k++)
    streams.add(
      StreamConfig.parse({
        name: `s${k}`,
        source: `lavfi:testsrc2=size=320x240:rate=${RATE}`,
        targets: boxes,
      }),
    );
  while (streams.streams.some(({ counts }) => counts.tracked < 5)) await sleep(50);
  const readers = await startClients(`${server.url.replace('http', 'ws')}/ws`, 1, 0);
  // What runs at first is not compiled yet.
  await sleep(2000);
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
    ...spreadOf(report.latency),
    processor: (user + system) / 1e6 / took,
  };
  readers.kill();
  await server.close();
  await streams.close();
  await loaded.dispose();
  return row;
}

/** The table as text. */
export function formatLatency(latency: readonly LatencyRow[]): string {
  const lines: string[] = [];
  lines.push('streams x targets   frames/s each   skipped/s each   p50 ms   p99 ms   most ms   processor');
  for (const row of latency)
    lines.push(
      `${`${row.streams} x ${row.targets}`.padEnd(17)} ${row.framesPerSecond.toFixed(1).padStart(15)} ${row.skipped.toFixed(1).padStart(16)} ` +
        `${String(row.p50).padStart(8)} ${String(row.p99).padStart(8)} ${String(row.max).padStart(9)} ${row.processor.toFixed(2).padStart(11)}`,
    );
  return lines.join('\n');
}
