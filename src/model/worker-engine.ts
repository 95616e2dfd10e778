import { Worker } from 'node:worker_threads';
import { SiamtrackError, workerFile } from '../common/index.js';
import { copyCutout, cutoutOf, isShared, type PictureCrop } from './cutout.js';
import type {
  CutResult,
  Embedding,
  EncodeResult,
  Engine,
  EngineDescription,
  RespondResult,
  Sharing,
} from './engine.js';
import { providerOf } from './engine-name.js';
import type { EngineSetup } from './engine-setup.js';
import type { WorkerAnswer, WorkerCall, WorkerSetup } from './engine-worker.js';
import { type Gate, guardAtExit, makeGate, shutGate, unguardAtExit } from './gate.js';
import { refuseTf32 } from './tf32.js';
import { Watchdog } from './watchdog.js';

interface Pending {
  readonly limitMs: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly onCrop: Sharing['onCrop'] | undefined;
}

/** How long a thread may take before it counts as hung; milliseconds. */
export interface EngineTimeouts {
  /** For one crop; the first call of each kind may take `startMs`. Default 10,000. */
  readonly callMs?: number;
  /** To start, and to compile kernels for a shape not seen before. Default 60,000. */
  readonly startMs?: number;
}

/** A thread cannot be ended while it is in native code: nobody waits for its end for longer. */
const LONGEST_GOODBYE_MS = 2000;

/**
 * An engine in a worker thread of its own: JavaScript goes on while it computes, so that several of them
 * compute at once and crops are cut meanwhile. Crop buffers travel by transfer, never by copy. A thread that dies
 * or hangs takes the calls under way with it; the next call starts another.
 */
export class WorkerEngine implements Engine {
  readonly depth = 2;
  readonly blocks = false;
  readonly shares: boolean;
  description: EngineDescription;
  readonly #start: (gate: Gate) => Worker;
  readonly #timeouts: Required<EngineTimeouts>;
  readonly #watchdog = new Watchdog(() => this.#hung());
  /** Kinds of call that were answered once. */
  readonly #seen = new Set<string>();
  #worker: Worker | undefined;
  /** The running thread's. */
  #gate = makeGate();
  #started: Promise<void> | undefined;
  /** Calls under way, oldest first: the thread answers in order. */
  readonly #pending: Pending[] = [];
  /** Shared memory for cut-outs that no call uses. */
  readonly #free: Uint8Array[] = [];
  readonly #templates = new WeakMap<Float32Array, Float32Array>();
  #disposed = false;

  private constructor(
    start: (gate: Gate) => Worker,
    { engine, precision, threads }: EngineSetup,
    t: EngineTimeouts,
  ) {
    this.#start = start;
    this.#timeouts = { callMs: t.callMs ?? 10_000, startMs: t.startMs ?? 60_000 };
    // Only a processor core takes n crops n times as long as one.
    this.shares = engine === 'onnx';
    const device = providerOf(engine) ?? 'cpu';
    this.description = { runtime: engine.split('-')[0], device, threads, precision };
  }

  /** @param file the thread's module; another one only in tests */
  static async create(
    setup: EngineSetup,
    timeouts: EngineTimeouts = {},
    file: URL = workerFile(import.meta.url, './engine-worker.js'),
  ): Promise<WorkerEngine> {
    // The thread cannot.
    refuseTf32(setup.engine);
    const start = (gate: Gate) => new Worker(file, { workerData: { setup, gate } satisfies WorkerSetup });
    const engine = new WorkerEngine(start, setup, timeouts);
    await engine.#ready();
    return engine;
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    await this.#ready();
    return this.#call<EncodeResult>({ kind: 'encode', crops, count, size }, `${count}x${size}`, count, crops);
  }

  async respond(
    crops: Float32Array,
    count: number,
    size: number,
    templates: readonly Embedding[],
  ): Promise<RespondResult> {
    await this.#ready();
    return this.#call<RespondResult>(
      { kind: 'respond', crops, count, size, templates },
      `${count}x${size} responses`,
      count,
      crops,
    );
  }

  /** The thread cuts the crops: only the parts of the pictures that they need are copied, none of shared memory. */
  async cut(
    crops: readonly PictureCrop[],
    size: number,
    templates?: readonly Embedding[],
    sharing?: Sharing,
  ): Promise<CutResult | undefined> {
    const ready = this.#ready();
    if (ready) await ready;
    const cutouts = crops.map((crop) => (isShared(crop.picture) ? undefined : cutoutOf(crop)));
    const total = cutouts.reduce((sum, cutout) => sum + (cutout?.bytes ?? 0), 0);
    let bytes = this.#free.pop();
    if (!bytes || bytes.length < total)
      bytes = new Uint8Array(new SharedArrayBuffer(2 ** Math.ceil(Math.log2(total + 1))));
    let at = 0;
    const cuts: PictureCrop[] = [];
    for (const [k, crop] of crops.entries()) {
      const cutout = cutouts[k];
      cuts.push(cutout ? copyCutout(crop, cutout, bytes, at) : crop);
      at += cutout?.bytes ?? 0;
    }
    const kind = `cut ${size}${templates ? ' responses' : ''} ${this.shares ? '' : crops.length}`;
    const shared = templates?.map((template) => this.#shared(template));
    const result = await this.#call<CutResult | undefined>(
      { kind: 'cut', cuts, size, templates: shared, claims: sharing?.claims },
      kind,
      crops.length,
      undefined,
      sharing?.onCrop,
    );
    this.#free.push(bytes);
    return result;
  }

  /** A template's copy in shared memory, made once: the thread gets it anew with every frame. */
  #shared(template: Embedding): Embedding {
    let data = this.#templates.get(template.data);
    if (!data) {
      data = new Float32Array(new SharedArrayBuffer(template.data.byteLength));
      data.set(template.data);
      this.#templates.set(template.data, data);
    }
    return { channels: template.channels, side: template.side, data };
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    const worker = this.#worker;
    if (worker) await this.#end(worker, 'was disposed');
  }

  /** Starts the thread where none runs. */
  #ready(): Promise<void> | undefined {
    if (!this.#worker) {
      this.#started = this.#launch().finally(() => {
        this.#started = undefined;
      });
    }
    return this.#started;
  }

  async #launch(): Promise<void> {
    if (this.#disposed) throw new SiamtrackError('ENGINE_FAILED', 'Expected an engine, got one disposed.');
    const gate = makeGate();
    const worker = this.#start(gate);
    this.#worker = worker;
    this.#gate = gate;
    guardAtExit(gate);
    worker.once('exit', () => unguardAtExit(gate));
    this.#seen.clear();
    worker.on('message', (answer: WorkerAnswer) => this.#settle(worker, answer));
    worker.on('error', (cause) => void this.#end(worker, `stopped: ${cause.message}`, cause));
    worker.on('exit', (code) => void this.#end(worker, `exited with code ${code}`));
    try {
      this.description = await this.#call<EngineDescription>({ kind: 'start' }, 'start', 1);
    } catch (error) {
      await this.#end(worker, 'could not start');
      throw error;
    }
  }

  /** @param kind calls of one kind take about as long per crop, but for the first one */
  #call<T>(
    call: WorkerCall,
    kind: string,
    count: number,
    crops?: Float32Array,
    onCrop?: Sharing['onCrop'],
  ): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const worker = this.#worker;
      if (!worker) return reject(new SiamtrackError('ENGINE_FAILED', "The engine's thread has ended."));
      const { callMs, startMs } = this.#timeouts;
      const limitMs = this.#seen.has(kind) ? callMs * count : Math.max(startMs, callMs * count);
      this.#seen.add(kind);
      this.#pending.push({ limitMs, resolve, reject, onCrop });
      // A loaded model alone never keeps a program running; a call under way does.
      worker.ref();
      worker.postMessage(call, crops ? [crops.buffer as ArrayBuffer] : []);
      if (this.#pending.length === 1) this.#watchdog.start(limitMs);
    }) as Promise<T>;
  }

  #settle(worker: Worker, answer: WorkerAnswer): void {
    if (worker !== this.#worker) return;
    if ('part' in answer) {
      const [{ limitMs, onCrop }] = this.#pending;
      this.#watchdog.start(limitMs);
      onCrop?.(answer.index, answer.part);
      return;
    }
    const pending = this.#pending.shift();
    const [next] = this.#pending;
    if (next) this.#watchdog.start(next.limitMs);
    else {
      this.#watchdog.stop();
      worker.unref();
    }
    if ('value' in answer) pending?.resolve(answer.value);
    else pending?.reject(new SiamtrackError('ENGINE_FAILED', answer.error));
  }

  #hung(): void {
    const worker = this.#worker;
    const [pending] = this.#pending;
    if (worker && pending) {
      const what = `did not answer within ${pending.limitMs / 1000} s`;
      void this.#end(worker, what, undefined, 'ENGINE_HUNG');
    }
  }

  /** Gives a thread up: its calls fail, and the next one starts another thread. */
  async #end(worker: Worker, what: string, cause?: unknown, code = 'ENGINE_FAILED'): Promise<void> {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#watchdog.stop();
    const error = new SiamtrackError(code, `The engine's thread ${what}.`, { cause });
    for (const pending of this.#pending.splice(0)) pending.reject(error);
    let timer: NodeJS.Timeout | undefined;
    const goodbye = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_GOODBYE_MS);
    });
    // Ended inside native code it would take the process along: it ends itself after that, and the process stays as long.
    const ended = shutGate(this.#gate) ? worker.terminate() : hasEnded(worker);
    await Promise.race([ended, goodbye]);
    clearTimeout(timer);
  }
}

function hasEnded(worker: Worker): Promise<unknown> {
  // Node gives a thread that has ended the number -1.
  if (worker.threadId === -1) return Promise.resolve();
  return new Promise((resolve) => worker.once('exit', resolve));
}
