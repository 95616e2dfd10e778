import type { Embedding, Engine } from '../engine.js';
import type { ModelManifest } from '../manifest.js';

/** Milliseconds per search region, encoder and head, alone and in a batch. */
export interface Timing {
  readonly alone: number;
  readonly batch: number;
}

/** Most crops of the batch that is timed. */
const LARGEST = 8;
const ROUNDS = 4;

/** Times engines on a model, in turn so that what else the machine does weighs on all alike; the fastest call counts. */
export async function timeEngines(engines: readonly Engine[], manifest: ModelManifest): Promise<Timing[]> {
  const { template, search } = manifest.input;
  const count = Math.min(LARGEST, manifest.largestBatch);
  const length = 3 * search * search;
  const best = engines.map(() => ({ alone: Number.POSITIVE_INFINITY, batch: Number.POSITIVE_INFINITY }));
  // Numbers as a picture has them: zeros would be faster on some processors.
  const crop = Float32Array.from({ length: count * length }, (_, k) => ((k * 7919) % 255) - 127);
  const buffers = engines.map((): Float32Array => crop.slice());
  const templates: Embedding[] = [];
  for (const [k, engine] of engines.entries()) {
    const embedded = await engine.encode(buffers[k], 1, template);
    buffers[k] = embedded.crops;
    templates.push(embedded.embeddings);
  }
  for (let round = 0; round <= ROUNDS; round++)
    for (const [k, engine] of engines.entries())
      for (const [kind, n] of [
        ['alone', 1],
        ['batch', count],
      ] as const) {
        const start = performance.now();
        const all = Array<Embedding>(n).fill(templates[k]);
        const { crops } =
          manifest.head.kind === 'box'
            ? await engine.respond(buffers[k], n, search, all)
            : await engine.encode(buffers[k], n, search);
        buffers[k] = crops;
        // The first round warms up.
        if (round > 0) best[k][kind] = Math.min(best[k][kind], (performance.now() - start) / n);
      }
  return best;
}
