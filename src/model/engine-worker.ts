import { parentPort, workerData } from 'node:worker_threads';
import { createEngine } from './create-engine.js';
import { CutChoice } from './cut-choice.js';
import { cutCrop, type PictureCrop } from './cutout.js';
import {
  CLAIMED_BY_ENGINE,
  type Claims,
  type CutResult,
  type Embedding,
  type EncodeResult,
  type Engine,
  type EngineDescription,
  type RespondResult,
  UNCLAIMED,
} from './engine.js';
import type { EngineSetup } from './engine-setup.js';
import { enterGate, type Gate, isLeaving, leaveGate } from './gate.js';
import { paddedBatch } from './padded-batch.js';

/** What an engine's thread is started with. */
export interface WorkerSetup {
  readonly setup: EngineSetup;
  readonly gate: Gate;
}

/** What a WorkerEngine asks of its thread; each is answered in turn, `start` comes first. */
export type WorkerCall =
  | { readonly kind: 'start' }
  | { readonly kind: 'encode'; readonly crops: Float32Array; readonly count: number; readonly size: number }
  | {
      readonly kind: 'respond';
      readonly crops: Float32Array;
      readonly count: number;
      readonly size: number;
      readonly templates: readonly Embedding[];
    }
  | {
      readonly kind: 'cut';
      /** Over shared memory, which the caller leaves alone until the answer. */
      readonly cuts: readonly PictureCrop[];
      readonly size: number;
      readonly templates: readonly Embedding[] | undefined;
      readonly claims: Claims | undefined;
    };

/** An answer: what the engine says, or why it could not. */
export type WorkerAnswer =
  | { readonly value: EngineDescription | EncodeResult | RespondResult | CutResult | undefined }
  /** One crop of a shared call; the call is answered when all are done. */
  | { readonly index: number; readonly part: CutResult }
  | { readonly error: string };

const { setup, gate } = workerData as WorkerSetup;
let engine: Engine;
/** Of crops cut here. */
let room = new Float32Array(0);
const choice = new CutChoice();

async function answer(call: WorkerCall): Promise<void> {
  switch (call.kind) {
    case 'start':
      engine = await createEngine(setup);
      return post({ value: engine.description }, []);
    case 'encode': {
      const value = await engine.encode(call.crops, call.count, call.size);
      return post({ value }, [value.crops, value.embeddings.data]);
    }
    case 'respond': {
      const value = await engine.respond(call.crops, call.count, call.size, call.templates);
      // The maps are small: copying them costs less than handing over their memory.
      return post({ value }, [value.crops, value.embeddings.data]);
    }
    case 'cut': {
      if (call.claims) return post({ value: await cutShared(call, call.claims) }, []);
      const value = await cutByFaster(call);
      return post({ value }, [value.embeddings.data]);
    }
  }
}

type CutCall = Extract<WorkerCall, { kind: 'cut' }>;

/** By the engine's device or here, whichever has been faster for such a batch. */
async function cutByFaster(call: CutCall): Promise<CutResult> {
  if (!engine.cut) return cut(call);
  const { cuts, size, templates } = call;
  const kind = `${cuts.length}x${size}`;
  const cutter = choice.next(kind);
  const start = performance.now();
  let result: CutResult | undefined;
  if (cutter === 'device')
    result = await engine.cut(cuts, size, templates && owned(templates)).catch(() => {
      choice.refuse();
      return undefined;
    });
  result ??= await cut(call);
  choice.took(kind, cutter, performance.now() - start);
  return result;
}

async function cut({ cuts, size, templates }: CutCall): Promise<CutResult> {
  const count = cuts.length;
  const length = 3 * size * size;
  const start = performance.now();
  // Room for a batch that the engine pads.
  const needed = paddedBatch(count, setup.manifest.largestBatch) * length;
  if (room.length < needed) room = new Float32Array(needed);
  for (const [k, crop] of cuts.entries()) cutCrop(crop, size, room, k * length);
  const cropMs = performance.now() - start;
  if (templates) {
    const own = owned(templates);
    const { embeddings, maps, encodeMs, headMs } = await engine.respond(room, count, size, own);
    return { cropMs, embeddings, maps, encodeMs, headMs };
  }
  const { embeddings, encodeMs } = await engine.encode(room, count, size);
  return { cropMs, embeddings, encodeMs };
}

/** Copies: no engine takes shared memory. */
function owned(templates: readonly Embedding[]): Embedding[] {
  return templates.map((template) => ({ ...template, data: template.data.slice() }));
}

/** The crops one by one, until one has been claimed by somebody else or nobody wants them. */
async function cutShared({ cuts, size, templates, ...call }: CutCall, claims: Claims): Promise<undefined> {
  for (const [index, crop] of cuts.entries()) {
    if (isLeaving(gate)) return;
    if (Atomics.compareExchange(claims, index, UNCLAIMED, CLAIMED_BY_ENGINE) !== UNCLAIMED) return;
    const template = templates && [templates[index]];
    const part = await cut({ ...call, cuts: [crop], size, templates: template });
    post({ index, part }, [part.embeddings.data]);
  }
}

function post(message: WorkerAnswer, arrays: readonly Float32Array[]): void {
  parentPort?.postMessage(
    message,
    arrays.map((array) => array.buffer as ArrayBuffer),
  );
}

async function work(call: WorkerCall): Promise<void> {
  if (!enterGate(gate)) return;
  try {
    await answer(call);
  } catch (error) {
    post({ error: error instanceof Error ? error.message : String(error) }, []);
  }
  // Ends the thread alone.
  if (!leaveGate(gate)) process.exit();
}

// One call after the other: they share the embedding's memory.
let last = Promise.resolve();
parentPort?.on('message', (call: WorkerCall) => {
  last = last.then(() => work(call));
});
