import { createRequire } from 'node:module';
import { Tensor } from 'onnxruntime-node';
import { isSoftwareGpu } from '../common/index.js';
import type { PictureCrop } from './cutout.js';
import type {
  CutResult,
  Embedding,
  Embeddings,
  EncodeResult,
  Engine,
  EngineDescription,
  RespondResult,
} from './engine.js';
import type { ModelPaths } from './engine-setup.js';
import type { ModelManifest, Precision } from './manifest.js';
import { OrtCutter } from './ort-cutter.js';
import { OrtGraph, run } from './ort-graph.js';
import { paddedBatch } from './padded-batch.js';

export interface OrtOptions {
  /** Threads inside one call. */
  readonly threads: number;
  /** ONNX Runtime's name: `cpu`, `cuda`, `webgpu`, `coreml`, `dml`, ... */
  readonly executionProvider: string;
  readonly precision: Precision;
  /**
   * It plans for each shape, which takes far longer than a call: batches are padded to powers of two, and each shape has a
   * session of its own. Default: where the provider does, `cuda` and `tensorrt`.
   */
  readonly plans?: boolean;
  /**
   * It offers to cut crops itself, in the encoder's graph, from samples of the pictures: for devices to which a crop has to be copied.
   * Only graphs that siamtrack wrote can be given it. Default: all but the processor.
   */
  readonly cuts?: boolean;
}

const PLANNING_PROVIDERS = ['cuda', 'tensorrt'];

const version: string = createRequire(import.meta.url)('onnxruntime-node/package.json').version;

/**
 * ONNX Runtime in this thread. Its Node binding computes on the calling thread: while a call runs, JavaScript
 * waits. See WorkerEngine for one that does not.
 */
export class OrtEngine implements Engine {
  readonly depth = 1;
  readonly blocks = true;
  readonly description: EngineDescription;
  readonly #manifest: ModelManifest;
  readonly #encoder: OrtGraph;
  readonly #head: OrtGraph | undefined;
  readonly #plans: boolean;
  readonly cut?: NonNullable<Engine['cut']>;
  readonly #cutter: OrtCutter | undefined;
  /** Input tensors over the crop buffers of the pool, by buffer: wrapping one costs more than looking it up. */
  readonly #inputs = new WeakMap<ArrayBufferLike, Map<string, Tensor>>();
  readonly #outputs = new Map<string, Tensor>();

  private constructor(
    manifest: ModelManifest,
    encoder: OrtGraph,
    head: OrtGraph | undefined,
    plans: boolean,
    cutter: OrtCutter | undefined,
    description: EngineDescription,
  ) {
    this.#manifest = manifest;
    this.#encoder = encoder;
    this.#head = head;
    this.#plans = plans;
    this.#cutter = cutter;
    if (cutter) this.cut = (crops, size, templates) => this.#cut(cutter, crops, size, templates);
    this.description = description;
  }

  static async create(manifest: ModelManifest, paths: ModelPaths, options: OrtOptions): Promise<OrtEngine> {
    const plans = options.plans ?? PLANNING_PROVIDERS.includes(options.executionProvider);
    const session = {
      executionProviders: [options.executionProvider],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    } as const;
    const encoder = await OrtGraph.load(paths.encoder, session, plans);
    const head = paths.head === undefined ? undefined : await OrtGraph.load(paths.head, session, plans);
    const cuts = options.cuts ?? options.executionProvider !== 'cpu';
    const cutter = cuts ? await OrtCutter.load(manifest, paths.encoder, session, plans) : undefined;
    return new OrtEngine(manifest, encoder, head, plans, cutter, {
      runtime: `onnxruntime ${version}`,
      device: options.executionProvider,
      threads: options.threads,
      precision: options.precision,
      ...(options.executionProvider === 'webgpu' && isSoftwareGpu() ? { software: true } : {}),
    });
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    const { output, ms } = await this.#embed(crops, count, size);
    return { crops, embeddings: embeddingsOf(output, count), encodeMs: ms };
  }

  async respond(
    crops: Float32Array,
    count: number,
    size: number,
    templates: readonly Embedding[],
  ): Promise<RespondResult> {
    const { output, ms: encodeMs } = await this.#embed(crops, count, size);
    return { crops, ...(await this.#answer(output, count, templates)), encodeMs };
  }

  /** What the head says of search embeddings, each with its own template. */
  async #answer(search: Tensor, count: number, templates: readonly Embedding[]) {
    const { head } = this.#manifest;
    if (!this.#head || head.kind !== 'box') throw new Error(`Model ${this.#manifest.name} has no box head.`);
    const [room, , side] = search.dims;
    const feeds = { [head.template]: templateTensor(templates, room), [head.search]: search };
    const session = await this.#head.sessionFor(`${room}x${side}`, feeds);
    const start = performance.now();
    const out = await run(session, feeds);
    const headMs = performance.now() - start;
    const score = firstOf(out[head.score.output], count, room);
    const box = firstOf(out[head.box.output], count, room);
    return { embeddings: embeddingsOf(search, count), maps: { score, box }, headMs };
  }

  async #cut(
    cutter: OrtCutter,
    crops: readonly PictureCrop[],
    size: number,
    templates?: readonly Embedding[],
  ): Promise<CutResult> {
    const count = crops.length;
    const { output, cropMs, encodeMs } = await cutter.embed(crops, size, this.#room(count));
    if (!templates) return { cropMs, encodeMs, embeddings: embeddingsOf(output, count) };
    return { cropMs, encodeMs, ...(await this.#answer(output, count, templates)) };
  }

  #room(count: number): number {
    return this.#plans ? paddedBatch(count, this.#manifest.largestBatch) : count;
  }

  async dispose(): Promise<void> {
    await this.#cutter?.release();
    await this.#encoder.release();
    await this.#head?.release();
  }

  /**
   * The result's memory is used again by the next call of the same count and size, and holds what the batch was padded
   * with. Planning does not count as time: it happens once.
   */
  async #embed(crops: Float32Array, count: number, size: number): Promise<{ output: Tensor; ms: number }> {
    const { input, output } = this.#manifest.encoder;
    const room = this.#room(count);
    const key = `${room}x${size}`;
    const feeds = { [input]: this.#input(crops, count, size, room) };
    const session = await this.#encoder.sessionFor(key, feeds);
    const known = this.#outputs.get(key);
    const start = performance.now();
    const result = known ?? (await run(session, feeds))[output];
    if (known) await run(session, feeds, { [output]: known });
    else this.#outputs.set(key, result);
    return { output: result, ms: performance.now() - start };
  }

  /** A batch is padded with whatever its buffer holds: no crop has part in another one's numbers. */
  #input(crops: Float32Array, count: number, size: number, room: number): Tensor {
    const length = 3 * size * size;
    const dims = [room, 3, size, size];
    if (crops.length < room * length) {
      const data = new Float32Array(room * length);
      data.set(crops.subarray(0, count * length));
      return new Tensor('float32', data, dims);
    }
    let tensors = this.#inputs.get(crops.buffer);
    if (!tensors) {
      tensors = new Map();
      this.#inputs.set(crops.buffer, tensors);
    }
    const key = `${room}x${size}`;
    let tensor = tensors.get(key);
    if (!tensor) {
      tensor = new Tensor('float32', crops.subarray(0, room * length), dims);
      tensors.set(key, tensor);
    }
    return tensor;
  }
}

/** A copy: the tensor's memory is the next call's. */
function embeddingsOf({ dims: [room, channels, side], data }: Tensor, count: number): Embeddings {
  const all = data as Float32Array;
  return { data: all.slice(0, (all.length / room) * count), count, channels, side };
}

/** What a tensor holds for the first `count` of a batch of `room`. */
function firstOf({ data }: Tensor, count: number, room: number): Float32Array {
  const all = data as Float32Array;
  return count === room ? all : all.slice(0, (all.length / room) * count);
}

/** A batch of templates, padded with zeros. */
function templateTensor(templates: readonly Embedding[], room: number): Tensor {
  const { data, channels, side } = templates[0];
  const dims = [room, channels, side, side];
  if (room === 1) return new Tensor('float32', data, dims);
  const all = new Float32Array(room * data.length);
  for (const [k, t] of templates.entries()) all.set(t.data, k * data.length);
  return new Tensor('float32', all, dims);
}
