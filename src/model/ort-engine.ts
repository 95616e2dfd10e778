import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { isSoftwareGpu, SiamtrackError } from '../common/index.js';
import type {
  Embedding,
  Embeddings,
  EncodeResult,
  Engine,
  EngineDescription,
  RespondResult,
} from './engine.js';
import type { ModelPaths } from './engine-setup.js';
import type { ModelManifest, Precision } from './manifest.js';

export interface OrtOptions {
  /** Threads inside one call. */
  readonly threads: number;
  /** ONNX Runtime's name: `cpu`, `cuda`, `webgpu`, `coreml`, `dml`, ... */
  readonly executionProvider: string;
  readonly precision: Precision;
}

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
  readonly #encoder: InferenceSession;
  readonly #head: InferenceSession | undefined;
  /** Input tensors over the crop buffers of the pool, by buffer: wrapping one costs more than looking it up. */
  readonly #inputs = new WeakMap<ArrayBufferLike, Map<string, Tensor>>();
  readonly #outputs = new Map<string, Tensor>();

  private constructor(
    manifest: ModelManifest,
    encoder: InferenceSession,
    head: InferenceSession | undefined,
    description: EngineDescription,
  ) {
    this.#manifest = manifest;
    this.#encoder = encoder;
    this.#head = head;
    this.description = description;
  }

  static async create(manifest: ModelManifest, paths: ModelPaths, options: OrtOptions): Promise<OrtEngine> {
    const session = {
      executionProviders: [options.executionProvider],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    } as const;
    const encoder = await InferenceSession.create(paths.encoder, session);
    const head = paths.head === undefined ? undefined : await InferenceSession.create(paths.head, session);
    return new OrtEngine(manifest, encoder, head, {
      runtime: `onnxruntime ${version}`,
      device: options.executionProvider,
      threads: options.threads,
      precision: options.precision,
      ...(options.executionProvider === 'webgpu' && isSoftwareGpu() ? { software: true } : {}),
    });
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    const start = performance.now();
    const output = await this.#embed(crops, count, size);
    const encodeMs = performance.now() - start;
    return { crops, embeddings: embeddingsOf(output, count), encodeMs };
  }

  async respond(crops: Float32Array, count: number, templates: readonly Embedding[]): Promise<RespondResult> {
    const { head } = this.#manifest;
    if (!this.#head || head.kind !== 'box') throw new Error(`Model ${this.#manifest.name} has no box head.`);
    const start = performance.now();
    const search = await this.#embed(crops, count, this.#manifest.input.search);
    const embedded = performance.now();
    const out = await run(this.#head, {
      [head.template]: templateTensor(templates),
      [head.search]: search,
    });
    const end = performance.now();
    const score = out[head.score.output].data as Float32Array;
    const box = out[head.box.output].data as Float32Array;
    const embeddings = embeddingsOf(search, count);
    return { crops, embeddings, maps: { score, box }, encodeMs: embedded - start, headMs: end - embedded };
  }

  async dispose(): Promise<void> {
    await this.#encoder.release();
    await this.#head?.release();
  }

  /** The result's memory is used again by the next call of the same count and size. */
  async #embed(crops: Float32Array, count: number, size: number): Promise<Tensor> {
    const { input, output } = this.#manifest.encoder;
    const key = `${count}x${size}`;
    const known = this.#outputs.get(key);
    const feeds = { [input]: this.#input(crops, count, size, key) };
    if (known) {
      await run(this.#encoder, feeds, { [output]: known });
      return known;
    }
    const made = (await run(this.#encoder, feeds))[output];
    this.#outputs.set(key, made);
    return made;
  }

  #input(crops: Float32Array, count: number, size: number, key: string): Tensor {
    let tensors = this.#inputs.get(crops.buffer);
    if (!tensors) {
      tensors = new Map();
      this.#inputs.set(crops.buffer, tensors);
    }
    let tensor = tensors.get(key);
    if (!tensor) {
      tensor = new Tensor('float32', crops.subarray(0, count * 3 * size * size), [count, 3, size, size]);
      tensors.set(key, tensor);
    }
    return tensor;
  }
}

/** A copy: the tensor's memory is the next call's. */
function embeddingsOf({ dims: [, channels, side], data }: Tensor, count: number): Embeddings {
  return { data: (data as Float32Array).slice(), count, channels, side };
}

function templateTensor(templates: readonly Embedding[]): Tensor {
  const { data, channels, side } = templates[0];
  const dims = [templates.length, channels, side, side];
  if (templates.length === 1) return new Tensor('float32', data, dims);
  const all = new Float32Array(templates.length * data.length);
  for (const [k, t] of templates.entries()) all.set(t.data, k * data.length);
  return new Tensor('float32', all, dims);
}

/** Runs a graph. @throws SiamtrackError `ENGINE_FAILED` with what ONNX Runtime says */
async function run(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  fetches?: InferenceSession.FetchesType,
): Promise<InferenceSession.ReturnType> {
  try {
    return await (fetches ? session.run(feeds, fetches) : session.run(feeds));
  } catch (cause) {
    throw new SiamtrackError('ENGINE_FAILED', `ONNX Runtime: ${(cause as Error).message}`, { cause });
  }
}
