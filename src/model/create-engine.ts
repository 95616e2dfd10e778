import type { Engine } from './engine.js';
import { providerOf } from './engine-name.js';
import type { EngineSetup } from './engine-setup.js';
import { refuseTf32 } from './tf32.js';

/** Makes an engine in the calling thread. Its runtime is loaded only now. */
export async function createEngine(setup: EngineSetup): Promise<Engine> {
  refuseTf32(setup.engine);
  const executionProvider = providerOf(setup.engine);
  if (executionProvider === undefined) {
    const { TensorFlowEngine } = await import('./tensorflow/index.js');
    return TensorFlowEngine.create(setup);
  }
  const { OrtEngine } = await import('./ort-engine.js');
  const { manifest, paths, precision, threads } = setup;
  return OrtEngine.create(manifest, paths, { threads, executionProvider, precision });
}
