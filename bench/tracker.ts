import { loadModel, type Model } from '../src/model/index.js';
import { Followed } from './footage.js';

export interface TrackerBenchOptions {
  /** As for `loadModel`; default: the shipped model. */
  readonly model?: string;
  readonly weights?: string;
  /** Frames per measurement. Default 60. */
  readonly frames?: number;
  /** Numbers of targets. Default 1, 2, 4, 8, 16. */
  readonly targets?: readonly number[];
  /** Times each measurement is taken, in turn with the others; the median counts. Default 5. */
  readonly rounds?: number;
}

/** Milliseconds of one frame with one target on one thread, by what they go into. */
export interface FrameTime {
  readonly total: number;
  readonly crop: number;
  readonly encode: number;
  readonly head: number;
  /** Everything else: the pick, queueing, promises. */
  readonly pick: number;
  /** (encode + head) / total. */
  readonly networkShare: number;
}

export interface TrackerBenchResult {
  readonly model: string;
  readonly precision: string;
  readonly frame: FrameTime;
  /** `cost`: milliseconds a frame over those of one target. */
  readonly targets: readonly { readonly targets: number; readonly ms: number; readonly cost: number }[];
  /** Targets per second with the most targets; `speedup` is the second over the first. */
  readonly threads: { readonly one: number; readonly two: number; readonly speedup: number };
}

/** One measurement: milliseconds a frame. */
async function time(group: Followed, count: number): Promise<number> {
  const start = performance.now();
  for (let k = 0; k < count; k++) await group.update();
  return (performance.now() - start) / count;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Measures the tracker alone, from a picture in memory to its boxes: no decoding. */
export async function benchTracker(options: TrackerBenchOptions = {}): Promise<TrackerBenchResult> {
  const { model: name, weights, frames = 60, targets = [1, 2, 4, 8, 16], rounds = 5 } = options;
  const one = await loadModel(name, { weights });
  const two = await loadModel(name, { weights, threads: 2 });
  const most = Math.max(...targets);
  const groups = await Promise.all(targets.map((count) => Followed.begin(one, count)));
  const single = await Followed.begin(one, 1);
  const shared = await Followed.begin(two, most);
  const all = await Followed.begin(one, most);
  const perTarget = targets.map((): number[] => []);
  const parts: FrameTime[] = [];
  const both = { one: [] as number[], two: [] as number[] };
  for (const group of [single, shared, all]) await time(group, 10);
  for (let round = 0; round < rounds; round++) {
    parts.push(await frameTime(one, single, 2 * frames));
    for (const [k, group] of groups.entries())
      perTarget[k].push(await time(group, Math.max(6, Math.round(frames / targets[k]))));
    const few = Math.max(6, Math.round((2 * frames) / most));
    both.one.push(await time(all, few));
    both.two.push(await time(shared, few));
  }
  await Promise.all([one.dispose(), two.dispose()]);
  const ms = perTarget.map(median);
  const base = ms[targets.indexOf(1)] ?? median(parts.map((p) => p.total));
  const rate = (values: readonly number[]) => (1000 * most) / median(values);
  return {
    model: one.manifest.name,
    precision: one.precision,
    frame: parts.sort((a, b) => a.total - b.total)[parts.length >> 1],
    targets: targets.map((count, k) => ({ targets: count, ms: ms[k], cost: ms[k] / base })),
    threads: { one: rate(both.one), two: rate(both.two), speedup: rate(both.two) / rate(both.one) },
  };
}

async function frameTime(model: Model, group: Followed, count: number): Promise<FrameTime> {
  const before = { ...model.encoder.stats };
  const total = await time(group, count);
  const { stats } = model.encoder;
  const crop = (stats.cropMs - before.cropMs) / count;
  const encode = (stats.encodeMs - before.encodeMs) / count;
  const head = (stats.headMs - before.headMs) / count;
  const pick = total - crop - encode - head;
  return { total, crop, encode, head, pick, networkShare: (encode + head) / total };
}

/** The result as lines for people. */
export function formatTrackerBench({
  model,
  precision,
  frame,
  targets,
  threads,
}: TrackerBenchResult): string {
  const ms = (value: number) => value.toFixed(2).padStart(8);
  return [
    `${model} (${precision}), one thread, one target, ms a frame`,
    '   total    crop  encode    head    pick   network',
    `${[frame.total, frame.crop, frame.encode, frame.head, frame.pick].map(ms).join('')}   ${(100 * frame.networkShare).toFixed(1)} %`,
    'targets  ms a frame  in frames of one target',
    ...targets.map(
      (t) => `${String(t.targets).padStart(7)}${ms(t.ms).padStart(12)}${ms(t.cost).padStart(12)}`,
    ),
    `targets/s: one thread ${threads.one.toFixed(0)}, two ${threads.two.toFixed(0)}, ${threads.speedup.toFixed(2)}x`,
  ].join('\n');
}
