import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadModel, type Model, modelForStream } from '../src/model/index.js';
import { Followed } from './footage.js';

const FRAME_MS = 1000 / 30;

export interface StreamsResult {
  readonly streams: number;
  readonly targets: number;
  /** Targets a second: through one shared encoder on two threads; 16 trackers with a session each, in one process and in two. */
  readonly shared: number;
  readonly independent: number;
  readonly twoProcesses: number;
  /** Live sources at a multiple of what the shared encoder holds. */
  readonly overload: {
    readonly factor: number;
    readonly targets: number;
    /** Milliseconds from a frame's capture to its boxes. */
    readonly p50: number;
    readonly p99: number;
    /** Frames a second of the stream that gets least and of the one that gets most. */
    readonly least: number;
    readonly most: number;
  };
}

/** Targets a second that all groups together find, each as fast as it can, after some frames to warm up. */
async function rate(groups: readonly Followed[], each: number, ms: number): Promise<number> {
  let done = 0;
  let end = performance.now() + ms / 4;
  const loop = async (group: Followed) => {
    while (performance.now() < end) {
      await group.update();
      done += each;
      // One that computes on this thread would never let the others have their turn.
      await new Promise(setImmediate);
    }
  };
  await Promise.all(groups.map(loop));
  done = 0;
  const start = performance.now();
  end = start + ms;
  await Promise.all(groups.map(loop));
  return (1000 * done) / (performance.now() - start);
}

async function independentGroups(count: number): Promise<{ models: Model[]; groups: Followed[] }> {
  const models = await Promise.all(Array.from({ length: count }, () => loadModel()));
  return { models, groups: await Promise.all(models.map((model) => Followed.begin(model, 1))) };
}

/** The same in processes of their own, all at once. */
async function inProcesses(processes: number, each: number, ms: number): Promise<number> {
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [fileURLToPath(import.meta.url), String(each), String(ms)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const lines = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]());
  for (const line of lines) await line.next();
  for (const child of children) child.stdin.end('go\n');
  const rates = await Promise.all(lines.map(async (line) => Number((await line.next()).value)));
  return rates.reduce((a, b) => a + b, 0);
}

async function overload(model: Model, capacity: number, factor: number, ms: number) {
  const targets = Math.round((capacity / 30) * factor);
  const each = 4;
  const streams = Math.max(1, Math.round(targets / each));
  const ages: number[] = [];
  const frames = Array<number>(streams).fill(0);
  const models = Array.from({ length: streams }, (_, k) => modelForStream(model, `camera ${k}`));
  const groups = await Promise.all(models.map((own) => Followed.begin(own, each)));
  const start = performance.now();
  const end = start + ms;
  const camera = async (group: Followed, k: number) => {
    let last = -1;
    for (;;) {
      await models[k].encoder.admit();
      const now = performance.now();
      if (now >= end) {
        models[k].encoder.leave();
        return;
      }
      const frame = Math.max(last + 1, Math.floor((now - start) / FRAME_MS));
      const captured = start + frame * FRAME_MS;
      if (captured > now) await new Promise((resolve) => setTimeout(resolve, captured - now));
      const before = Math.max(0, last);
      last = frame;
      await group.update(frame - before);
      frames[k]++;
      ages.push(performance.now() - captured);
    }
  };
  await Promise.all(groups.map(camera));
  ages.sort((a, b) => a - b);
  const rates = frames.map((count) => (1000 * count) / ms);
  return {
    factor,
    targets: streams * each,
    p50: ages[Math.floor(ages.length * 0.5)],
    p99: ages[Math.floor(ages.length * 0.99)],
    least: Math.min(...rates),
    most: Math.max(...rates),
  };
}

/** Four streams of four targets on two threads through one encoder, against 16 trackers with a session each. */
export async function benchStreams(ms = 3000): Promise<StreamsResult> {
  const model = await loadModel('default', { threads: 2 });
  const streams = await Promise.all(
    [1, 2, 3, 4].map((k) => Followed.begin(modelForStream(model, `camera ${k}`), 4)),
  );
  const shared = await rate(streams, 4, ms);
  const single = await independentGroups(16);
  const independent = await rate(single.groups, 1, ms);
  await Promise.all(single.models.map((own) => own.dispose()));
  const twoProcesses = await inProcesses(2, 8, ms);
  const late = await overload(model, shared, 3, ms);
  await model.dispose();
  return { streams: 4, targets: 16, shared, independent, twoProcesses, overload: late };
}

export function formatStreams(r: StreamsResult): string {
  const { overload: o } = r;
  const times = (value: number) => `${(r.shared / value).toFixed(2)}x`;
  return [
    `${r.streams} streams, ${r.targets} targets, targets/s: shared encoder on two threads ${r.shared.toFixed(0)}; ` +
      `a session for each target ${r.independent.toFixed(0)} (${times(r.independent)}), in two processes ${r.twoProcesses.toFixed(0)} (${times(r.twoProcesses)})`,
    `live sources at ${o.factor}x of that (${o.targets} targets at 30/s): from capture to box p50 ${o.p50.toFixed(0)} ms, ` +
      `p99 ${o.p99.toFixed(0)} ms; frames/s ${o.least.toFixed(1)} to ${o.most.toFixed(1)} a stream`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count, ms] = process.argv.slice(2).map(Number);
  const { groups } = await independentGroups(count);
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  process.stdout.write(`${await rate(groups, 1, ms)}\n`, () => process.exit(0));
}
