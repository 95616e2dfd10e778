import { createEngine } from './create-engine.js';
import type { Engine } from './engine.js';
import { engineOfProvider } from './engine-name.js';
import type { ModelPaths } from './engine-setup.js';
import { ModelError, type ModelManifest, type Precision } from './manifest.js';
import { WorkerEngine } from './worker-engine.js';

/** Calls timed per precision, after as many to warm up; the fastest of each counts. */
const TRIALS = 5;

/**
 * Engines for a model: one in the calling thread, the other `threads - 1` each in a worker thread: as many threads as
 * cores, and none that only hands out work. Where several
 * precisions are candidates the faster one on a search region is taken.
 */
export async function createEngines(
  manifest: ModelManifest,
  candidates: ReadonlyMap<Precision, ModelPaths>,
  options: { readonly threads: number; readonly executionProvider: string },
): Promise<{ engines: Engine[]; chosen: Precision }> {
  const { threads, executionProvider } = options;
  const name = engineOfProvider(executionProvider);
  const create = async (precision: Precision) => {
    const paths = candidates.get(precision) as ModelPaths;
    try {
      return await createEngine({ engine: name, manifest, paths, threads: 1, precision });
    } catch (cause) {
      throw new ModelError(
        'MODEL_INVALID',
        `${manifest.name}: ONNX Runtime cannot load it (${executionProvider})`,
        {
          cause,
        },
      );
    }
  };
  let best: { engine: Engine; ms: number; precision: Precision } | undefined;
  for (const precision of candidates.keys()) {
    const engine = await create(precision);
    const ms = candidates.size > 1 ? await time(engine, manifest) : 0;
    if (best && best.ms <= ms) {
      await engine.dispose();
      continue;
    }
    await best?.engine.dispose();
    best = { engine, ms, precision };
  }
  if (!best) throw new ModelError('MODEL_INVALID', `${manifest.name}: expected weights, got none`);
  const { precision, engine } = best;
  const paths = candidates.get(precision) as ModelPaths;
  const started = Array.from({ length: threads - 1 }, () =>
    WorkerEngine.create({ engine: name, manifest, paths, threads: 1, precision }),
  );
  return { engines: [engine, ...(await Promise.all(started))], chosen: precision };
}

/** Milliseconds of one search region, encoder and head where there is one. */
async function time(engine: Engine, manifest: ModelManifest): Promise<number> {
  const { template, search } = manifest.input;
  const crop = new Float32Array(3 * search * search).fill(110);
  const { embeddings } = await engine.encode(crop, 1, template);
  let fastest = Number.POSITIVE_INFINITY;
  for (let k = 0; k < 2 * TRIALS; k++) {
    const start = performance.now();
    if (manifest.head.kind === 'box') await engine.respond(crop, 1, [embeddings]);
    else await engine.encode(crop, 1, search);
    if (k >= TRIALS) fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest;
}
