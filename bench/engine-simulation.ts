import { type EncodeResult, type Engine, type RespondResult, SharedEncoder } from '../src/model/index.js';

/** A device that does not exist: a call takes `fixedMs` and `cropMs` for each crop in it. */
export interface SimulatedDevice {
  readonly name: string;
  readonly fixedMs: number;
  readonly cropMs: number;
  /** Engines of the kind, side by side. */
  readonly engines: number;
  readonly largestBatch: number;
}

/** Live streams of 30 frames a second, each with so many targets. */
export interface SimulatedLoad {
  readonly name: string;
  readonly targets: readonly number[];
}

export interface SimulationRow {
  readonly device: string;
  readonly load: string;
  readonly targets: number;
  /** What the device would have to do, over what it can at its largest batch. */
  readonly demand: number;
  /** Milliseconds from a frame's capture to its boxes. */
  readonly p50: number;
  readonly p99: number;
  /** Frames a second of the stream that gets least and of the one that gets most. */
  readonly least: number;
  readonly most: number;
  readonly meanBatch: number;
}

const FRAME_MS = 1000 / 30;

/** Time that passes only when nothing is left to do in it. */
class VirtualClock {
  now = 0;
  readonly #events: { readonly at: number; readonly run: () => void }[] = [];

  at(time: number, run: () => void): void {
    let k = this.#events.length;
    while (k > 0 && this.#events[k - 1].at < time) k--;
    this.#events.splice(k, 0, { at: time, run });
  }

  until(time: number): Promise<void> {
    return new Promise((resolve) => this.at(time, resolve));
  }

  async run(end: number): Promise<void> {
    for (;;) {
      // All that follows from the last event happens in microtasks.
      await new Promise(setImmediate);
      const next = this.#events.pop();
      if (!next || next.at > end) return;
      this.now = next.at;
      next.run();
    }
  }
}

class SimulatedEngine implements Engine {
  readonly depth = 2;
  readonly blocks = false;
  readonly description = { runtime: 'simulated', device: 'none', threads: 1, precision: 'float32' } as const;
  readonly #clock: VirtualClock;
  readonly #device: SimulatedDevice;
  #free = 0;

  constructor(clock: VirtualClock, device: SimulatedDevice) {
    this.#clock = clock;
    this.#device = device;
  }

  async #compute(count: number): Promise<number> {
    const ms = this.#device.fixedMs + this.#device.cropMs * count;
    this.#free = Math.max(this.#free, this.#clock.now) + ms;
    await this.#clock.until(this.#free);
    return ms;
  }

  async encode(crops: Float32Array, count: number): Promise<EncodeResult> {
    const encodeMs = await this.#compute(count);
    return { crops, embeddings: { data: new Float32Array(count), count, channels: 1, side: 1 }, encodeMs };
  }

  respond(): Promise<RespondResult> {
    throw new Error('Expected embeddings to be asked for alone.');
  }

  async dispose(): Promise<void> {}
}

/** Runs the real scheduler over a simulated device and simulated cameras for some seconds of their time. */
export async function simulate(
  device: SimulatedDevice,
  load: SimulatedLoad,
  seconds = 10,
): Promise<SimulationRow> {
  const clock = new VirtualClock();
  const engines = Array.from({ length: device.engines }, () => new SimulatedEngine(clock, device));
  const encoder = new SharedEncoder(engines, 1, device.largestBatch, { now: () => clock.now });
  const ages: number[] = [];
  const frames = load.targets.map(() => 0);
  const end = seconds * 1000;
  /** A camera whose frames are taken one at a time, the newest each time. */
  const stream = async (k: number) => {
    const own = encoder.forStream(`s${k}`);
    const phase = (FRAME_MS * k) / load.targets.length;
    let last = -1;
    while (clock.now < end) {
      await own.admit();
      let frame = Math.floor((clock.now - phase) / FRAME_MS);
      if (frame <= last) {
        frame = last + 1;
        await clock.until(phase + frame * FRAME_MS);
      }
      last = frame;
      await Promise.all(Array.from({ length: load.targets[k] }, () => own.embed(1, () => {})));
      if (clock.now < 1000) continue;
      ages.push(clock.now - (phase + frame * FRAME_MS));
      frames[k]++;
    }
  };
  for (const k of load.targets.keys()) void stream(k);
  await clock.run(end);
  ages.sort((a, b) => a - b);
  const rates = frames.map((count) => count / (seconds - 1));
  const targets = load.targets.reduce((a, b) => a + b, 0);
  const capacity =
    (device.engines * device.largestBatch * 1000) / (device.fixedMs + device.cropMs * device.largestBatch);
  const { requests, batches } = encoder.stats;
  return {
    device: device.name,
    load: load.name,
    targets,
    demand: (targets * 30) / capacity,
    p50: ages[Math.floor(ages.length * 0.5)],
    p99: ages[Math.floor(ages.length * 0.99)],
    least: Math.min(...rates),
    most: Math.max(...rates),
    meanBatch: requests / batches,
  };
}

export function formatSimulation(rows: readonly SimulationRow[]): string {
  const line = (cells: readonly string[]) =>
    cells.map((cell, k) => (k < 2 ? cell.padEnd(k === 0 ? 34 : 32) : cell.padStart(9))).join('');
  return [
    'SIMULATION: the real scheduler over devices and cameras that do not exist; 30 frames a second each',
    line(['device', 'streams', 'targets', 'demand', 'p50 ms', 'p99 ms', 'least/s', 'most/s', 'batch']),
    ...rows.map((r) =>
      line([
        r.device,
        r.load,
        String(r.targets),
        `${r.demand.toFixed(2)}x`,
        ...[r.p50, r.p99, r.least, r.most, r.meanBatch].map((value) => value.toFixed(1)),
      ]),
    ),
  ].join('\n');
}
