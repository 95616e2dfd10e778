import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { packageRoot } from '../../common/index.js';
import { loadModel, type Model } from '../../model/index.js';
import type { ModelOptions } from '../model-option.js';

/** Loads the model a command was asked for. */
export async function loadChosenModel({
  model,
  weights,
  threads,
  precision,
  engine = 'auto',
  provider,
}: ModelOptions): Promise<Model> {
  const loaded = await loadModel(model, {
    threads,
    precision,
    ...(provider === 'cpu' ? { engine } : { executionProvider: provider }),
    weights: weights ?? (await publishedWeights(model)),
  });
  // Told once, when it was found out; afterwards it is remembered, and `siamtrack doctor` shows it.
  const { how, reason } = loaded.choice;
  if (how === 'timed' && process.stderr.isTTY) process.stderr.write(`engine: ${reason}\n`);
  return loaded;
}

/**
 * Published networks come as a manifest alone: their weights lie in a folder of the same name inside `SIAMTRACK_PUBLISHED`, or in
 * `shared/models` beside this package.
 */
async function publishedWeights(model: string): Promise<string | undefined> {
  const folder = resolve(model);
  const manifest = await readFile(join(folder, 'model.json'), 'utf8').catch(() => null);
  if (manifest === null) return undefined;
  const published = process.env.SIAMTRACK_PUBLISHED ?? join(packageRoot(), '..', 'shared', 'models');
  const weights = join(published, basename(folder));
  // A manifest that cannot be read is for the loader to complain about.
  const files = [...manifest.matchAll(/"path"\s*:\s*"([^"]+)"/g)].map((match) => match[1]);
  const missing = files.some((file) => !existsSync(join(folder, file)));
  return missing && existsSync(weights) ? weights : undefined;
}
