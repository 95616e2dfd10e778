import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createEngine } from '../src/model/create-engine.js';
import type { Embedding, Engine } from '../src/model/engine.js';
import {
  findManifest,
  installedEngines,
  type ModelManifest,
  type Precision,
  parseManifest,
} from '../src/model/index.js';
import { decodeOnnx, encodeOnnx } from '../src/onnx/index.js';
import { multiplyAddsOf } from './multiply-adds.js';

/** One engine with one precision and one size of batch, on one thread of the processor or on the whole device. */
export interface EngineRow {
  readonly engine: string;
  readonly precision: string;
  readonly batch: number;
  /** Milliseconds per target: encoder with head, and the head's share. */
  readonly ms: number;
  readonly headMs: number;
  /** Targets at 30 frames a second that one such engine holds; and with one on each core. */
  readonly targets: number;
  readonly machine: number;
  /** Multiply-adds a second over those of a plain float32 matrix product there; undefined where none was timed. */
  readonly share?: number;
}

export interface EngineTable {
  readonly model: string;
  /** Multiply-adds of one target, in millions. */
  readonly millions: number;
  /** Of a plain matrix product by device (`cpu`: one thread of the processor), in thousand millions a second. */
  readonly peaks: Readonly<Record<string, number>>;
  readonly rows: readonly EngineRow[];
  /** Engines that do not work here, and why. */
  readonly absent: readonly string[];
}

/** Sides of the matrices, and products one after the other: on a GPU enough that what each call costs does not count. */
const PRODUCT = { cpu: { side: 768, count: 1 }, gpu: { side: 2048, count: 32 } };

/** Multiply-adds a second of square float32 matrix products in ONNX Runtime, on one thread or on the provider's device. */
async function matrixPeak(executionProvider: string): Promise<number> {
  const { side, count } = PRODUCT[executionProvider === 'cpu' ? 'cpu' : 'gpu'];
  const dims = [side, side];
  const w = Float32Array.from({ length: side ** 2 }, (_, k) => (((k * 7919) % 255) - 127) / 4096);
  // Little goes in and comes out: a row times the product.
  const row = [1, side];
  const nodes = [{ op: 'Add', inputs: ['w', 'x'], outputs: ['y0'] }];
  for (let k = 0; k < count; k++)
    nodes.push({ op: 'MatMul', inputs: [`y${k}`, 'w'], outputs: [`y${k + 1}`] });
  nodes.push({ op: 'MatMul', inputs: ['x', `y${count}`], outputs: ['z'] });
  const graph = {
    name: 'product',
    inputs: [{ name: 'x', dims: row }],
    outputs: [{ name: 'z', dims: row }],
    nodes,
    constants: new Map([['w', { type: 'float32', dims, data: w } as const]]),
  };
  const session = await InferenceSession.create(encodeOnnx(graph), {
    executionProviders: [executionProvider],
    intraOpNumThreads: 1,
  });
  const x = new Tensor('float32', new Float32Array(side).fill(0.01), row);
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 12; k++) {
    const start = performance.now();
    await session.run({ x });
    best = Math.min(best, performance.now() - start);
  }
  await session.release();
  return (count * side ** 3) / (best / 1000);
}

/** The fastest of some calls, per target. */
async function time(engine: Engine, manifest: ModelManifest, batch: number, rounds: number) {
  const { template, search } = manifest.input;
  let crops: Float32Array = Float32Array.from(
    { length: batch * 3 * search * search },
    (_, k) => ((k * 7919) % 255) - 127,
  );
  const embedded = await engine.encode(crops, 1, template);
  crops = embedded.crops;
  const templates = Array<Embedding>(batch).fill(embedded.embeddings);
  let best = { ms: Number.POSITIVE_INFINITY, headMs: 0 };
  for (let k = 0; k <= rounds; k++) {
    const start = performance.now();
    const result = await engine.respond(crops, batch, search, templates);
    const ms = (performance.now() - start) / batch;
    crops = result.crops;
    if (k > 0 && ms < best.ms) best = { ms, headMs: result.headMs / batch };
  }
  return best;
}

/** Every engine that works here, with every precision, at several sizes of batch. */
export async function engineTable(name: string, batches: readonly number[]): Promise<EngineTable> {
  const path = await findManifest(name);
  const manifest = parseManifest(JSON.parse(await readFile(path, 'utf8')), path);
  const file = (p: string) => join(dirname(path), p);
  const graph = async (p: string) => decodeOnnx(await readFile(file(p)));
  const { encoder, head } = manifest.files.float32;
  const { search, template } = manifest.input;
  const cells = manifest.stride;
  const multiplyAdds = multiplyAddsOf(
    await graph(encoder.path),
    head && (await graph(head.path)),
    search,
    template,
    cells,
  );
  const peaks: Record<string, number> = {};
  const rows: EngineRow[] = [];
  const absent: string[] = [];
  for (const engineName of installedEngines())
    for (const precision of ['float32', 'int8'] as Precision[]) {
      const files = manifest.files[precision];
      if (!files || (precision === 'int8' && engineName !== 'onnx')) continue;
      const paths = { encoder: file(files.encoder.path), head: files.head && file(files.head.path) };
      let engine: Engine;
      try {
        engine = await createEngine({ engine: engineName, manifest, paths, precision, threads: 1 });
      } catch (error) {
        absent.push(`${engineName}: ${(error as Error).message.split('\n')[0].slice(0, 120)}`);
        continue;
      }
      const { device, software } = engine.description;
      const cores = device === 'cpu' ? availableParallelism() : 1;
      // Of a GPU that TensorFlow uses, and of one that is none, there is no product.
      if (device !== 'gpu' && !software) peaks[device] ??= (await matrixPeak(device)) / 1e9;
      for (const batch of batches) {
        const { ms, headMs } = await time(engine, manifest, batch, Math.max(3, Math.round(24 / batch)));
        const targets = 1000 / 30 / ms;
        const share = peaks[device] && multiplyAdds / ms / 1e6 / peaks[device];
        rows.push({
          engine: engineName,
          precision,
          batch,
          ms,
          headMs,
          targets,
          machine: targets * cores,
          share,
        });
      }
      await engine.dispose();
    }
  return { model: manifest.name, millions: multiplyAdds / 1e6, peaks, rows, absent };
}

export function formatEngineTable({ model, millions, peaks, rows, absent }: EngineTable): string {
  const line = (cells: readonly string[]) =>
    cells.map((cell, k) => (k < 2 ? cell.padEnd(k === 0 ? 14 : 9) : cell.padStart(9))).join('');
  const products = Object.entries(peaks).map(
    ([device, peak]) => `${peak.toFixed(1)} on ${device === 'cpu' ? 'one thread of the processor' : device}`,
  );
  return [
    `${model}: ${millions.toFixed(0)} million multiply-adds a target; a plain matrix product, thousand million a second: ${products.join(', ')}`,
    line(['engine', 'weights', 'batch', 'ms', 'of it head', 'at 30/s', 'machine', 'of peak']),
    ...rows.map((r) =>
      line([
        r.engine,
        r.precision,
        String(r.batch),
        r.ms.toFixed(2),
        r.headMs.toFixed(2),
        r.targets.toFixed(1),
        r.machine.toFixed(1),
        r.share === undefined ? '' : `${(100 * r.share).toFixed(0)} %`,
      ]),
    ),
    ...absent.map((why) => `not here: ${why}`),
  ].join('\n');
}
