import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import {
  findManifest,
  type Model,
  type ModelManifest,
  type Precision,
  parseManifest,
} from '../model/index.js';
import { writeAtomically } from './durable.js';
import { BatchError } from './errors.js';
import type { BatchJob } from './job.js';

/** Which model, as it was asked for. */
export interface ModelRequest {
  /** As for `loadModel`. */
  readonly name: string;
  readonly weights?: string;
  readonly precision: 'auto' | Precision;
}

export type LoadModel = (request: ModelRequest) => Promise<Model>;

/** Identifies a model by everything that its boxes depend on: weights, by their SHA-256, and the tracker's parameters. */
export function modelDigest(manifest: ModelManifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

/** The models in use, each loaded once and shared by all jobs. */
export class ModelPool {
  readonly #load: LoadModel;
  readonly #models = new Map<string, Promise<Model>>();

  constructor(load: LoadModel) {
    this.#load = load;
  }

  /**
   * Settles which model and which of its weights a batch uses. `auto` is settled once for an output folder, by a short timing, and noted
   * there: it could fall out otherwise the next time, and float32 and int8 place boxes differently.
   */
  async pin({ name, weights, precision }: ModelRequest, out: string): Promise<BatchJob['model']> {
    const path = await findManifest(name);
    const manifest = parseManifest(JSON.parse(await readFile(path, 'utf8')), path);
    const digest = modelDigest(manifest);
    const shipped =
      name === 'default' ||
      (!isAbsolute(name) && resolve(name) !== path && join(resolve(name), 'model.json') !== path);
    const pinned = {
      name: shipped ? name : resolve(name),
      ...(weights === undefined ? {} : { weights: resolve(weights) }),
      digest,
    };
    const file = join(out, '.siamtrack', 'precision.json');
    const known: Record<string, Precision> = await readFile(file, 'utf8')
      .then(JSON.parse)
      .catch(() => ({}));
    const settled = precision === 'auto' ? (manifest.files.int8 ? known[digest] : 'float32') : precision;
    if (settled) return { ...pinned, precision: settled };
    const model = await this.#load({ name, weights, precision });
    this.#models.set(`${digest} ${model.precision}`, Promise.resolve(model));
    try {
      await writeAtomically(file, JSON.stringify({ ...known, [digest]: model.precision }));
    } catch (cause) {
      throw new BatchError(
        'STATE_FAILED',
        `${out}: expected an output folder that can be written to, got ${(cause as Error).message}`,
        { cause },
      );
    }
    return { ...pinned, precision: model.precision };
  }

  /** @throws {BatchError} `MODEL_MISMATCH` where the model here is not the job's */
  get({ model }: Pick<BatchJob, 'model'>): Promise<Model> {
    const key = `${model.digest} ${model.precision}`;
    let loaded = this.#models.get(key);
    if (!loaded) {
      loaded = this.#loadChecked(model);
      this.#models.set(key, loaded);
      loaded.catch(() => this.#models.delete(key));
    }
    return loaded;
  }

  async dispose(): Promise<void> {
    const models = [...this.#models.values()];
    this.#models.clear();
    await Promise.allSettled(models.map(async (model) => (await model).dispose()));
  }

  async #loadChecked({ name, weights, digest, precision }: BatchJob['model']): Promise<Model> {
    const model = await this.#load({ name, weights, precision });
    const got = modelDigest(model.manifest);
    if (got === digest) return model;
    await model.dispose();
    throw new BatchError(
      'MODEL_MISMATCH',
      `model ${name}: expected the one of digest ${digest.slice(0, 12)}, got ${got.slice(0, 12)}; install the same version and models everywhere`,
    );
  }
}
