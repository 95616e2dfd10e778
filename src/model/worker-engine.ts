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
 * compute at once and crops are cut meanwhile. Crop buffers travel by transfer, never by copy. A thread that dies
 * takes the calls under way with it; the next call starts another.
 */
export class WorkerEngine implements Engine {
  readonly depth = 2;
  description: EngineDescription;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #started: Promise<void> | undefined;
  /** Calls under way, oldest first: the thread answers in order. */
  readonly #pending: Pending[] = [];
  #disposed = false;

  private constructor(start: () => Worker, options: OrtOptions) {
    this.#start = start;
    this.description = {
      runtime: 'onnxruntime',
      device: options.executionProvider,
      threads: 1,
      precision: options.precision,
    };
  }

  /** @param source the thread's code; another one only in tests */
  static async create(
    manifest: ModelManifest,
    paths: ModelPaths,
    options: OrtOptions,
    source = ORT_WORKER,
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
    const engine = new WorkerEngine(() => new Worker(source, { eval: true, workerData }), options);
    await engine.#ready();
    return engine;
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    await this.#ready();
    const answer = await this.#call({ kind: 'encode', crops, count, size }, [crops.buffer as ArrayBuffer]);
    const [, channels, side] = answer.dims;
    const embeddings = { data: answer.first, count, channels, side };
    return { crops: answer.crops, embeddings, encodeMs: answer.encodeMs };
  }

  async respond(crops: Float32Array, count: number, templates: readonly Embedding[]): Promise<RespondResult> {
    await this.#ready();
    const data = templates.map((t) => t.data);
    const { channels, side } = templates[0];
    const message = { kind: 'respond', crops, count, templates: data, channels, side };
    const answer = await this.#call(message, [crops.buffer as ArrayBuffer]);
    const { first: score, second: box, encodeMs, headMs } = answer;
    return { crops: answer.crops, maps: { score, box }, encodeMs, headMs };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const worker = this.#worker;
    if (worker) this.#end(worker, 'was disposed');
    await worker?.terminate();
  }

  /** Starts the thread where none runs. */
  #ready(): Promise<void> | undefined {
    if (!this.#worker) this.#started = this.#launch();
    return this.#started;
  }

  async #launch(): Promise<void> {
    if (this.#disposed) throw new SiamtrackError('ENGINE_FAILED', 'Expected an engine, got one disposed.');
    const worker = this.#start();
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#settle(answer));
    worker.on('error', (cause) => this.#end(worker, `stopped: ${cause.message}`, cause));
    worker.on('exit', (code) => this.#end(worker, `exited with code ${code}`));
    try {
      const { runtime } = await this.#call({ kind: 'start' }, []);
      this.description = { ...this.description, runtime };
    } catch (error) {
      this.#end(worker, 'could not start');
      await worker.terminate();
      throw error;
    }
  }

  #call(message: object, transfer: ArrayBuffer[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const worker = this.#worker as Worker;
      this.#pending.push({ resolve, reject });
      // A loaded model alone never keeps a program running; a call under way does.
      worker.ref();
      worker.postMessage(message, transfer);
    });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.shift();
    if (this.#pending.length === 0) this.#worker?.unref();
    if (answer.error === undefined) pending?.resolve(answer);
    else pending?.reject(new SiamtrackError('ENGINE_FAILED', `ONNX Runtime: ${answer.error}`));
  }

  #end(worker: Worker, what: string, cause?: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const error = new SiamtrackError('ENGINE_FAILED', `The engine's thread ${what}.`, { cause });
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }
}
