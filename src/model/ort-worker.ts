import { parentPort, workerData } from 'node:worker_threads';
import { cutCrop, type PictureCrop } from './cutout.js';
import type { CutResult, Embedding, EncodeResult, EngineDescription, RespondResult } from './engine.js';
import type { ModelManifest } from './manifest.js';
import { type ModelPaths, OrtEngine, type OrtOptions } from './ort-engine.js';

/** What a WorkerEngine gives its thread to start with. */
export interface WorkerSetup {
  readonly manifest: ModelManifest;
  readonly paths: ModelPaths;
  readonly options: OrtOptions;
}

/** What a WorkerEngine asks of its thread; each is answered in turn, `start` comes first. */
export type WorkerCall =
  | { readonly kind: 'start' }
  | { readonly kind: 'encode'; readonly crops: Float32Array; readonly count: number; readonly size: number }
  | {
      readonly kind: 'respond';
      readonly crops: Float32Array;
      readonly count: number;
      readonly templates: readonly Embedding[];
    }
  | {
      readonly kind: 'cut';
      /** Over shared memory, which the caller leaves alone until the answer. */
      readonly cuts: readonly PictureCrop[];
      readonly size: number;
      readonly templates: readonly Embedding[] | undefined;
    };

/** An answer: what the engine says, or why it could not. */
export type WorkerAnswer =
  | { readonly value: EngineDescription | EncodeResult | RespondResult | CutResult }
  | { readonly error: string };

const { manifest, paths, options }: WorkerSetup = workerData;
let engine: OrtEngine;
/** Of crops cut here. */
let room = new Float32Array(0);

async function answer(call: WorkerCall): Promise<void> {
  switch (call.kind) {
    case 'start':
      engine = await OrtEngine.create(manifest, paths, options);
      return post({ value: engine.description }, []);
    case 'encode': {
      const value = await engine.encode(call.crops, call.count, call.size);
      return post({ value }, [value.crops, value.embeddings.data]);
    }
    case 'respond': {
      const value = await engine.respond(call.crops, call.count, call.templates);
      // The maps are small: copying them costs less than handing over their memory.
      return post({ value }, [value.crops]);
    }
    case 'cut':
      return post({ value: await cut(call) }, []);
  }
}

async function cut({ cuts, size, templates }: Extract<WorkerCall, { kind: 'cut' }>): Promise<CutResult> {
  const count = cuts.length;
  const length = 3 * size * size;
  const start = performance.now();
  if (room.length < count * length) room = new Float32Array(count * length);
  for (const [k, crop] of cuts.entries()) cutCrop(crop, size, room, k * length);
  const cropMs = performance.now() - start;
  if (templates) {
    const { maps, encodeMs, headMs } = await engine.respond(room, count, templates);
    return { cropMs, maps, encodeMs, headMs };
  }
  const { embeddings, encodeMs } = await engine.encode(room, count, size);
  return { cropMs, embeddings, encodeMs };
}

function post(message: WorkerAnswer, arrays: readonly Float32Array[]): void {
  parentPort?.postMessage(
    message,
    arrays.map((array) => array.buffer as ArrayBuffer),
  );
}

// One call after the other: they share the embedding's memory.
let last = Promise.resolve();
parentPort?.on('message', (call: WorkerCall) => {
  last = last
    .then(() => answer(call))
    .catch((error: unknown) => post({ error: error instanceof Error ? error.message : String(error) }, []));
});
