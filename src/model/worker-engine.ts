import { Worker } from 'node:worker_threads';
import { SiamtrackError, workerFile } from '../common/index.js';
import { copyCutout, cutoutOf, type PictureCrop } from './cutout.js';
import type {
  CutResult,
  Embedding,
  EncodeResult,
  Engine,
  EngineDescription,
  RespondResult,
} from './engine.js';
import type { ModelManifest } from './manifest.js';
import type { ModelPaths, OrtOptions } from './ort-engine.js';
import type { WorkerAnswer, WorkerCall, WorkerSetup } from './ort-worker.js';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * ONNX Runtime in a worker thread of its own: JavaScript goes on while it computes, so that several of them
 * compute at once and crops are cut meanwhile. Crop buffers travel by transfer, never by copy. A thread that dies
 * takes the calls under way with it; the next call starts another.
 */
export class WorkerEngine implements Engine {
  readonly depth = 2;
  readonly blocks = false;
  description: EngineDescription;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #started: Promise<void> | undefined;
  /** Calls under way, oldest first: the thread answers in order. */
  readonly #pending: Pending[] = [];
  /** Shared memory for cut-outs that no call uses. */
  readonly #free: Uint8Array[] = [];
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

  /** @param file the thread's module; another one only in tests */
  static async create(
    manifest: ModelManifest,
    paths: ModelPaths,
    options: OrtOptions,
    file: URL = workerFile(import.meta.url, './ort-worker.js'),
  ): Promise<WorkerEngine> {
    const workerData: WorkerSetup = { manifest, paths, options };
    const engine = new WorkerEngine(() => new Worker(file, { workerData }), options);
    await engine.#ready();
    return engine;
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    await this.#ready();
    return this.#call<EncodeResult>({ kind: 'encode', crops, count, size }, crops);
  }

  async respond(crops: Float32Array, count: number, templates: readonly Embedding[]): Promise<RespondResult> {
    await this.#ready();
    return this.#call<RespondResult>({ kind: 'respond', crops, count, templates }, crops);
  }

  /** The thread cuts the crops: only the parts of the pictures that they need are copied. */
  async cut(
    crops: readonly PictureCrop[],
    size: number,
    templates?: readonly Embedding[],
  ): Promise<CutResult> {
    await this.#ready();
    const cutouts = crops.map(cutoutOf);
    const total = cutouts.reduce((sum, cutout) => sum + (cutout?.bytes ?? 0), 0);
    let bytes = this.#free.pop();
    if (!bytes || bytes.length < total)
      bytes = new Uint8Array(new SharedArrayBuffer(2 ** Math.ceil(Math.log2(total))));
    let at = 0;
    const cuts: PictureCrop[] = [];
    for (const [k, crop] of crops.entries()) {
      const cutout = cutouts[k];
      cuts.push(cutout ? copyCutout(crop, cutout, bytes, at) : crop);
      at += cutout?.bytes ?? 0;
    }
    const result = await this.#call<CutResult>({ kind: 'cut', cuts, size, templates });
    this.#free.push(bytes);
    return result;
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
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', (cause) => this.#end(worker, `stopped: ${cause.message}`, cause));
    worker.on('exit', (code) => this.#end(worker, `exited with code ${code}`));
    try {
      this.description = await this.#call<EngineDescription>({ kind: 'start' });
    } catch (error) {
      this.#end(worker, 'could not start');
      await worker.terminate();
      throw error;
    }
  }

  #call<T>(call: WorkerCall, crops?: Float32Array): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const worker = this.#worker as Worker;
      this.#pending.push({ resolve, reject });
      // A loaded model alone never keeps a program running; a call under way does.
      worker.ref();
      worker.postMessage(call, crops ? [crops.buffer as ArrayBuffer] : []);
    }) as Promise<T>;
  }

  #settle(answer: WorkerAnswer): void {
    const pending = this.#pending.shift();
    if (this.#pending.length === 0) this.#worker?.unref();
    if ('value' in answer) pending?.resolve(answer.value);
    else pending?.reject(new SiamtrackError('ENGINE_FAILED', answer.error));
  }

  #end(worker: Worker, what: string, cause?: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const error = new SiamtrackError('ENGINE_FAILED', `The engine's thread ${what}.`, { cause });
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }
}
