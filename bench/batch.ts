import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureFixture } from '../fixtures/index.js';
import { expandInputs, ModelPool, matchTargets, parseTargets, runBatch } from '../src/batch/index.js';
import { loadModel } from '../src/model/index.js';

export interface BatchBenchOptions {
  /** As for `loadModel`; default: the shipped model. */
  readonly model?: string;
  readonly weights?: string;
  /** Videos. Default 4. */
  readonly videos?: number;
  /** Frames of each. Default 250. */
  readonly frames?: number;
  /** Times each way is measured, in turn with the others; the best counts, as others use the machine, too. Default 3. */
  readonly rounds?: number;
  readonly precision?: 'float32' | 'int8';
}

/** Frames per second of all videos together. */
export interface BatchBenchResult {
  readonly model: string;
  readonly precision: string;
  readonly size: string;
  /** `ffmpeg -f null`, one after the other and two at once. */
  readonly decode: { readonly one: number; readonly two: number };
  readonly ways: readonly {
    readonly jobs: number;
    readonly threads: number;
    readonly rate: number;
    readonly gain: number;
  }[];
}

const WAYS = [
  { jobs: 1, threads: 1 },
  { jobs: 1, threads: 2 },
  { jobs: 2, threads: 2 },
  { jobs: 4, threads: 2 },
] as const;

/** Measures batches of short videos in H.264, 640 x 360, with one target each, from file to results on the disk. */
export async function benchBatch(options: BatchBenchOptions = {}): Promise<BatchBenchResult> {
  const { model, weights, videos = 4, frames = 250, rounds = 3, precision = 'int8' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'siamtrack-bench-'));
  try {
    const { video } = await ensureFixture('moving');
    const files = Array.from({ length: videos }, (_, k) => join(folder, 'videos', `v${k}.mp4`));
    execFileSync('mkdir', ['-p', join(folder, 'videos')]);
    for (const [k, file] of files.entries()) {
      const filter = `scale=640:360,drawbox=x=${k * 8}:y=0:w=8:h=8`;
      const input = ['-stream_loop', '-1', '-i', video, '-frames:v', String(frames), '-vf', filter];
      execFileSync('ffmpeg', ['-loglevel', 'error', ...input, '-preset', 'veryfast', file]);
    }
    const inputs = await expandInputs([join(folder, 'videos')]);
    const { targets } = matchTargets(
      inputs,
      parseTargets('video,x,y,width,height\n*,40,204,112,42\n', 't.csv'),
      't.csv',
    );
    const best = new Map<string, number>();
    const keep = (name: string, rate: number) => best.set(name, Math.max(best.get(name) ?? 0, rate));
    const loaded = new Map<number, ModelPool>();
    for (const threads of new Set(WAYS.map((way) => way.threads))) {
      const one = await loadModel(model, { threads, precision, weights, engine: 'onnx' });
      loaded.set(threads, new ModelPool(() => Promise.resolve(one)));
    }
    for (let round = 0; round < rounds; round++) {
      keep('one', (await timed(() => decode(files, 1))) * videos * frames);
      keep('two', (await timed(() => decode(files, 2))) * videos * frames);
      for (const { jobs, threads } of WAYS) {
        const out = join(folder, `${round}-${jobs}-${threads}`);
        const models = loaded.get(threads) as ModelPool;
        const rate = await timed(() =>
          runBatch({
            inputs,
            targets,
            models,
            out,
            jobs,
            model: { name: model ?? 'default', weights, precision, engine: 'onnx' },
          }),
        );
        keep(`${jobs} ${threads}`, rate * videos * frames);
      }
    }
    for (const pool of loaded.values()) await pool.dispose();
    const rate = (name: string) => best.get(name) ?? 0;
    return {
      model: model ?? 'default',
      precision,
      size: `${videos} videos of ${frames} frames, 640x360 h264`,
      decode: { one: rate('one'), two: rate('two') },
      ways: WAYS.map(({ jobs, threads }) => ({
        jobs,
        threads,
        rate: rate(`${jobs} ${threads}`),
        gain: rate(`${jobs} ${threads}`) / rate('1 1'),
      })),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How often a second it could be done. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return 1000 / (performance.now() - begun);
}

async function decode(files: readonly string[], atOnce: number): Promise<void> {
  const waiting = [...files];
  const one = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      await promisify(execFile)('ffmpeg', [
        '-loglevel',
        'error',
        '-threads',
        '1',
        '-i',
        file,
        '-f',
        'null',
        '-',
      ]);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

/** The result as lines for people. */
export function formatBatchBench({ model, precision, size, decode: bare, ways }: BatchBenchResult): string {
  const number = (value: number, digits = 0) => value.toFixed(digits).padStart(9);
  return [
    `batch: ${model} (${precision}), ${size}, one target each, frames/s of all together`,
    '    jobs  threads frames/s     gain',
    ...ways.map(
      ({ jobs, threads, rate, gain }) =>
        `${String(jobs).padStart(8)}${number(threads)}${number(rate)}${number(gain, 2)}`,
    ),
    `bare ffmpeg decode, one thread each: one at a time ${bare.one.toFixed(0)}, two at once ${bare.two.toFixed(0)}`,
  ].join('\n');
}
