import { Worker } from 'node:worker_threads';
import { SiamtrackError } from '../common/index.js';
import type { Embedding, EncodeResult, Engine, EngineDescription, RespondResult } from './engine.js';
import type { ModelManifest } from './manifest.js';
import type { ModelPaths, OrtOptions } from './ort-engine.js';
import { ORT_WORKER } from './worker-source.js';

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

/** What the worker sends back; see worker-source.ts. */
interface Answer {
  readonly error?: string;
  readonly crops: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly dims: readonly number[];
  readonly encodeMs: number;
  readonly headMs: number;
  readonly runtime: string;
}

/**
 * ONNX Runtime in a worker thread of its own: JavaScript goes on while it computes, so that several of them
 * compute at once and crops are cut meanwhile. Crop buffers travel by transfer, never by copy.
 */
export class WorkerEngine implements Engine {
  description: EngineDescription;
  readonly #worker: Worker;
  #pending: Pending | undefined;
  #failure: SiamtrackError | undefined;

  private constructor(worker: Worker, options: OrtOptions) {
    this.#worker = worker;
    this.description = {
      runtime: 'onnxruntime',
      device: options.executionProvider,
      threads: 1,
      precision: options.precision,
    };
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (cause) => this.#fail(`stopped: ${cause.message}`, cause));
    worker.on('exit', (code) => this.#fail(`exited with code ${code}`));
  }

  static async create(
    manifest: ModelManifest,
    paths: ModelPaths,
    options: OrtOptions,
  ): Promise<WorkerEngine> {
    const workerData = {
      // The worker's code is text, so modules are looked up from here.
      from: import.meta.url,
      paths,
      encoder: manifest.encoder,
      head: manifest.head.kind === 'box' ? manifest.head : undefined,
      searchSize: manifest.input.search,
      executionProvider: options.executionProvider,
    };
    const engine = new WorkerEngine(new Worker(ORT_WORKER, { eval: true, workerData }), options);
    try {
      const { runtime } = await engine.#call({ kind: 'start' }, []);
      engine.description = { ...engine.description, runtime };
    } catch (error) {
      await engine.dispose();
      throw error;
    }
    // A loaded model alone never keeps a program running; a call under way does.
    engine.#worker.unref();
    return engine;
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    const answer = await this.#call({ kind: 'encode', crops, count, size }, [crops.buffer as ArrayBuffer]);
    const [, channels, side] = answer.dims;
    const embeddings = { data: answer.first, count, channels, side };
    return { crops: answer.crops, embeddings, encodeMs: answer.encodeMs };
  }

  async respond(crops: Float32Array, count: number, templates: readonly Embedding[]): Promise<RespondResult> {
    const data = templates.map((t) => t.data);
    const { channels, side } = templates[0];
    const message = { kind: 'respond', crops, count, templates: data, channels, side };
    const answer = await this.#call(message, [crops.buffer as ArrayBuffer]);
    const { first: score, second: box, encodeMs, headMs } = answer;
    return { crops: answer.crops, maps: { score, box }, encodeMs, headMs };
  }

  async dispose(): Promise<void> {
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
    this.#fail('was disposed');
  }

  #call(message: object, transfer: ArrayBuffer[]): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.ref();
      this.#worker.postMessage(message, transfer);
    });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending;
    this.#pending = undefined;
    this.#worker.unref();
    if (answer.error === undefined) pending?.resolve(answer);
    else pending?.reject(new SiamtrackError('ENGINE_FAILED', `ONNX Runtime: ${answer.error}`));
  }

  #fail(what: string, cause?: unknown): void {
    this.#failure ??= new SiamtrackError('ENGINE_FAILED', `The engine's thread ${what}.`, { cause });
    this.#pending?.reject(this.#failure);
    this.#pending = undefined;
  }
}
