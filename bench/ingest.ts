import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSource } from '../src/ingest/index.js';

/** One line of figures; what each measures is its key. */
export type BenchRow = Record<string, string | number>;

export interface BenchTable {
  readonly title: string;
  readonly rows: BenchRow[];
}

const FRAMES = 240;
const ROUNDS = 3;
const FILTERS = {
  // Deep self-similar edges, then grain: about the bit rate of a good camera.
  '720p': 'mandelbrot=size=1280x720:rate=30,noise=alls=4:allf=t',
  '1080p': 'mandelbrot=size=1920x1080:rate=30,noise=alls=4:allf=t',
};

function clip(name: keyof typeof FILTERS): string {
  const folder = join(tmpdir(), 'siamtrack-bench');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${FRAMES}.mp4`);
  if (!existsSync(path)) {
    const unfinished = join(folder, `${process.pid}.mp4`);
    execFileSync('ffmpeg', [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', FILTERS[name], '-frames:v', String(FRAMES)],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '25', '-pix_fmt', 'yuv420p', unfinished],
    ]);
    execFileSync('mv', [unfinished, path]);
  }
  return path;
}

/** Seconds that `ffmpeg -f null` takes for the file. */
function decodeOnly(path: string, threads: number): Promise<number> {
  const start = performance.now();
  const args = ['-v', 'error', '-nostdin', '-threads', String(threads), '-i', path, '-f', 'null', '-'];
  return new Promise((resolve, reject) => {
    spawn('ffmpeg', args, { stdio: 'ignore' })
      .once('error', reject)
      .once('close', () => resolve((performance.now() - start) / 1000));
  });
}

/** Seconds to open the file, and from then on to its last frame. */
async function ingest(path: string, threads: number): Promise<[open: number, read: number]> {
  const start = performance.now();
  const source = await openSource(path, { threads });
  const opened = performance.now();
  let count = 0;
  for await (const frame of source) {
    count++;
    frame.release();
  }
  if (count !== FRAMES) throw new Error(`expected ${FRAMES} frames, got ${count}`);
  return [(opened - start) / 1000, (performance.now() - opened) / 1000];
}

/**
 * Ingest of H.264 against `ffmpeg -f null` on the same file with the same threads, alternating; the ratio is that
 * of the best round of each. Both times include the start of their ffmpeg; opening (ffprobe) is a figure of its own.
 */
export async function benchIngest(): Promise<BenchTable> {
  const rows: BenchRow[] = [];
  for (const name of Object.keys(FILTERS) as (keyof typeof FILTERS)[]) {
    const path = clip(name);
    for (const threads of [1, 2]) {
      let nullTime = Number.POSITIVE_INFINITY;
      let ingestTime = Number.POSITIVE_INFINITY;
      let openTime = Number.POSITIVE_INFINITY;
      const cpu = process.cpuUsage();
      for (let round = 0; round < ROUNDS; round++) {
        nullTime = Math.min(nullTime, await decodeOnly(path, threads));
        const [open, read] = await ingest(path, threads);
        openTime = Math.min(openTime, open);
        ingestTime = Math.min(ingestTime, read);
      }
      const { user, system } = process.cpuUsage(cpu);
      rows.push({
        source: `${name} h264`,
        threads,
        'ffmpeg -f null, frames/s': Number((FRAMES / nullTime).toFixed(1)),
        'ingest, frames/s': Number((FRAMES / ingestTime).toFixed(1)),
        ratio: Number((nullTime / ingestTime).toFixed(3)),
        'open, ms': Math.round(openTime * 1000),
        'own processor time, ms/frame': Number(((user + system) / 1000 / FRAMES / ROUNDS).toFixed(2)),
      });
    }
  }
  return { title: 'Ingest against ffmpeg -f null', rows };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const table = await benchIngest();
  if (process.argv.includes('--json')) console.log(JSON.stringify(table));
  else {
    console.log(table.title);
    console.table(table.rows);
  }
}
