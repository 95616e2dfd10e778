import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../src/common/index.js';
import { SiamtrackClient } from '../src/stream/index.js';
import { type Holdings, ServeProcess } from './serve-process.js';

export interface SoakOptions {
  /** Minutes it runs. Default 3. The first third is not counted. */
  readonly minutes?: number;
  /** Frames a second of each of the two streams. Default 10. */
  readonly rate?: number;
  /** As for `nice`. Default 5. */
  readonly niceness?: number;
}

export interface SoakResult {
  readonly minutes: number;
  readonly streams: number;
  readonly targets: number;
  readonly frames: number;
  readonly previews: number;
  readonly skipped: number;
  readonly first: Holdings;
  readonly last: Holdings;
  /** Megabytes a minute over the last two thirds, by least squares; of the heap, of its least value in each minute, too. */
  readonly slope: { readonly rss: number; readonly heap: number; readonly leastHeap: number };
  readonly samples: readonly (Holdings & { readonly minute: number })[];
}

const STREAMS = 2;
const TARGETS = 4;
const EVERY = 10_000;

/** Lets a server follow four targets in each of two streams, watched by a client with pictures, and looks at its memory. */
export async function benchSoak(options: SoakOptions = {}): Promise<SoakResult> {
  const { minutes = 3, rate = 10, niceness = 5 } = options;
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-soak-'));
  const clip = join(folder, 'clip.mp4');
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-i', join(packageRoot(), 'fixtures/clips/moving/clip.mp4')],
    ...['-r', String(rate), '-c:v', 'libx264', '-pix_fmt', 'yuv420p', clip],
  ]);
  const targets = Array.from({ length: TARGETS }, (_, k) => ({
    id: String(k + 1),
    box: k === 0 ? [20, 136, 56, 28] : [60 * k, 40 + 30 * k, 48, 40],
  }));
  const streams = Array.from({ length: STREAMS }, (_, k) => ({
    ...{ name: `s${k}`, source: clip, loop: true, targets },
  }));
  const server = await ServeProcess.start({ streams }, folder, niceness).catch((error) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  try {
    const client = new SiamtrackClient(server.url, { reconnect: false });
    let frames = 0;
    let previews = 0;
    client.on('boxes', () => frames++);
    client.on('preview', () => previews++);
    await client.subscribe({ preview: { rate: 2 } });
    const samples: (Holdings & { minute: number })[] = [];
    const begun = performance.now();
    for (let k = 0; k * EVERY <= minutes * 60_000; k++) {
      await sleep(Math.max(0, begun + k * EVERY - performance.now()));
      const holdings = await server.holdings();
      const minute = (performance.now() - begun) / 60_000;
      samples.push({ minute, ...holdings });
      if (k % 6 === 0)
        process.stderr.write(
          `${minute.toFixed(0)} min: ${holdings.rss.toFixed(1)} MB, heap ${holdings.heap.toFixed(1)} MB, ${frames} frames\n`,
        );
    }
    const { streams: infos } = (await (await fetch(`${server.url}/api/streams`)).json()) as {
      streams: { counts: { skipped: number } }[];
    };
    client.close();
    const counted = samples.filter(({ minute }) => minute >= minutes / 3);
    return {
      ...{ minutes, streams: STREAMS, targets: TARGETS, frames, previews, samples },
      skipped: infos.reduce((sum, { counts }) => sum + counts.skipped, 0),
      first: counted[0],
      last: counted[counted.length - 1],
      slope: {
        rss: slopeOf(counted.map(({ minute, rss }) => [minute, rss])),
        heap: slopeOf(counted.map(({ minute, heap }) => [minute, heap])),
        leastHeap: slopeOf(leastOfEachMinute(counted)),
      },
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is left after the collections of that minute, nearly. */
function leastOfEachMinute(samples: readonly (Holdings & { minute: number })[]): [number, number][] {
  const least = new Map<number, number>();
  for (const { minute, heap } of samples) {
    const whole = Math.floor(minute);
    least.set(whole, Math.min(least.get(whole) ?? Number.POSITIVE_INFINITY, heap));
  }
  return [...least];
}

function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (k: 0 | 1) => points.reduce((sum, point) => sum + point[k], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** The figures as text. */
export function formatSoak(result: SoakResult): string {
  const { minutes, streams, targets, frames, previews, skipped, first, last, slope } = result;
  const megabytes = (key: 'rss' | 'heap' | 'external') =>
    `${first[key].toFixed(1)} -> ${last[key].toFixed(1)} MB`;
  return [
    `${minutes} minutes, ${streams} streams of ${targets} targets: ${frames} box messages, ${previews} pictures, ${skipped} frames skipped`,
    `over the last two thirds: memory ${megabytes('rss')}, heap ${megabytes('heap')}, beside it ${megabytes('external')}`,
    `slope, MB a minute: memory ${slope.rss.toFixed(3)}, heap ${slope.heap.toFixed(3)}, least heap of each minute ${slope.leastHeap.toFixed(3)}`,
    `descriptors ${first.descriptors} -> ${last.descriptors}`,
  ].join('\n');
}
