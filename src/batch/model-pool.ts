import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type EngineName,
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
  readonly engine: 'auto' | EngineName;
}

type Settled = Pick<BatchJob['model'], 'precision' | 'engine'>;

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
   * Settles which model, which of its weights and which engine a batch uses. `auto` is settled once for an output folder, by what is fastest
   * here, and noted there: it could fall out otherwise the next time, and other weights place boxes differently.
   *
   * @throws {BatchError} `STATE_FAILED` where it cannot be noted
   */
  async pin(request: ModelRequest, out: string): Promise<BatchJob['model']> {
    const { name, weights, precision, engine } = request;
    const path = await findManifest(name);
    const manifest = parseManifest(JSON.parse(await readFile(path, 'utf8')), path);
    const digest = modelDigest(manifest);
    const pinned = {
      // A folder is found from anywhere by its full path; a shipped model by its name on every machine.
      name: path.startsWith(resolve(name)) ? resolve(name) : name,
      ...(weights === undefined ? {} : { weights: resolve(weights) }),
      digest,
    };
    if (precision !== 'auto' && engine !== 'auto') return { ...pinned, precision, engine };
    const file = join(out, '.siamtrack', 'settled.json');
    const known: Record<string, Settled> = await readFile(file, 'utf8')
      .then(JSON.parse)
      .catch(() => ({}));
    const asked = `${digest} ${precision} ${engine}`;
    const before = known[asked];
    if (before) return { ...pinned, ...before };
    const model = await this.#load(request);
    const settled: Settled = { precision: model.precision, engine: model.choice.engine };
    this.#models.set(keyOf({ digest, ...settled }), Promise.resolve(model));
    try {
      await writeAtomically(file, JSON.stringify({ ...known, [asked]: settled }));
    } catch (cause) {
      const reason = (cause as Error).message;
      const message = `${out}: expected an output folder that can be written to, got ${reason}`;
      throw new BatchError('STATE_FAILED', message, { cause });
    }
    return { ...pinned, ...settled };
  }

  /** @throws {BatchError} `MODEL_MISMATCH` where the model here is not the job's */
  get({ model }: Pick<BatchJob, 'model'>): Promise<Model> {
    const key = keyOf(model);
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

  async #loadChecked({ name, weights, digest, precision, engine }: BatchJob['model']): Promise<Model> {
    const model = await this.#load({ name, weights, precision, engine });
    const got = modelDigest(model.manifest);
    if (got === digest) return model;
    await model.dispose();
    throw new BatchError(
      'MODEL_MISMATCH',
      `model ${name}: expected the one of digest ${digest.slice(0, 12)}, got ${got.slice(0, 12)}; install the same version and models everywhere`,
    );
  }
}

function keyOf({
  digest,
  precision,
  engine,
}: Pick<BatchJob['model'], 'digest' | 'precision' | 'engine'>): string {
  return `${digest} ${precision} ${engine}`;
}
