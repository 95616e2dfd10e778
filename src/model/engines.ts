import { SiamtrackError } from '../common/index.js';
import { type ChoiceRequest, chooseEngine, type EngineChoice, setupOf } from './choice/index.js';
import { createEngine } from './create-engine.js';
import type { Engine } from './engine.js';
import { ModelError } from './manifest.js';
import { type EngineTimeouts, WorkerEngine } from './worker-engine.js';

/** Engines for a model, and what takes over where they fail for good. */
export interface ChosenEngines {
  readonly engines: Engine[];
  readonly choice: EngineChoice;
  readonly fallback: (() => Promise<Engine>) | undefined;
}

/**
 * Engines for a model. ONNX Runtime on the processor: one in the calling thread, the other `threads - 1` each in a
 * worker thread; as many threads as cores, and none that only hands out work. All others: one in a
 * worker thread, that can be given up when its device is lost, with the processor to fall back to.
 * @throws ModelError `MODEL_INVALID`; SiamtrackError `ENGINE_UNAVAILABLE` where the engine asked for does not work here
 */
export async function createEngines(
  request: ChoiceRequest,
  timeouts: EngineTimeouts = {},
): Promise<ChosenEngines> {
  const choice = await chooseEngine(request);
  const setup = setupOf(choice, request);
  if (choice.engine === 'onnx') {
    const one = { ...setup, threads: 1 };
    const here = await createEngine(one).catch((cause: unknown) => {
      const message = `${request.manifest.name}: ONNX Runtime cannot load it`;
      throw new ModelError('MODEL_INVALID', message, { cause });
    });
    const workers = Array.from({ length: request.threads - 1 }, () => WorkerEngine.create(one, timeouts));
    return { engines: [here, ...(await Promise.all(workers))], choice, fallback: undefined };
  }
  const engine = await WorkerEngine.create(setup, timeouts).catch((cause: unknown) => {
    const message = `expected a working engine ${choice.engine}; siamtrack doctor says what it needs`;
    throw new SiamtrackError('ENGINE_UNAVAILABLE', message, { cause });
  });
  const fallback = () => createEngine({ ...setup, engine: 'onnx', threads: 1 });
  return { engines: [engine], choice, fallback };
}
