import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InvalidArgumentError, packageRoot } from '../common/index.js';
import { type Candidate, type ChoiceRow, type EngineChoice, measure } from './choice/index.js';
import type { EngineEvent } from './engine-event.js';
import { ENGINE_NAMES, type EngineName, engineOfProvider } from './engine-name.js';
import type { ModelPaths } from './engine-setup.js';
import { createEngines } from './engines.js';
import { ModelError, type ModelManifest, type Precision, parseManifest } from './manifest.js';
import { SharedEncoder } from './shared-encoder.js';
import type { EngineTimeouts } from './worker-engine.js';

export interface LoadOptions {
  /** Threads that compute, the calling one among them: batches under way at once. Integer >= 1; default 1. */
  readonly threads?: number;
  /**
   * What computes. `onnx` (default) is ONNX Runtime on the processor; `auto` times what the machine has for a moment
   * and takes the fastest. What was timed is remembered in the user's cache folder.
   */
  readonly engine?: 'auto' | EngineName;
  /** ONNX Runtime execution provider: `cuda` is the engine `onnx-cuda`. Ignored where `engine` is given. */
  readonly executionProvider?: string;
  /** Which weights run; `auto` (default) takes the faster where a model has both. */
  readonly precision?: 'auto' | Precision;
  /** Folder that holds the weights, where they are not beside `model.json`. */
  readonly weights?: string;
  /** Other places for single files: the manifest's path of a file to the path to read. */
  readonly files?: Readonly<Record<string, string>>;
  /** Milliseconds from a request to its answer that the encoder aims at. Number > 0; default 50. */
  readonly latencyMs?: number;
  /** How long engines in threads of their own may take before they count as hung. */
  readonly timeouts?: EngineTimeouts;
  /** Told of engines that failed and were replaced or restarted; default: a warning of the process. */
  readonly onEvent?: (event: EngineEvent) => void;
}

/** A loaded model: what it is and the one encoder through which all targets use it. */
export interface Model {
  readonly manifest: ModelManifest;
  readonly encoder: SharedEncoder;
  /** The weights that run. */
  readonly precision: Precision;
  /** What computes, and why. */
  readonly choice: EngineChoice;
  dispose(): Promise<void>;
}

/**
 * Loads a model.
 * @param nameOrFolder a shipped model's name, `default`, a model folder, or a `model.json`
 * @throws ModelError `MODEL_NOT_FOUND`, `MODEL_INVALID` (manifest or graph) or `MODEL_CHECKSUM`
 */
export async function loadModel(nameOrFolder = 'default', options: LoadOptions = {}): Promise<Model> {
  const { threads = 1, executionProvider = 'cpu', precision = 'auto', latencyMs = 50 } = options;
  const { engine = engineOfProvider(executionProvider), onEvent } = options;
  if (!Number.isInteger(threads) || threads < 1)
    throw new InvalidArgumentError('threads', 'an integer >= 1', threads);
  if (!(latencyMs > 0)) throw new InvalidArgumentError('latencyMs', 'a number > 0', latencyMs);
  if (!/^(auto|onnx(-\w+)?|tensorflow)$/.test(engine))
    throw new InvalidArgumentError('engine', `auto or one of ${ENGINE_NAMES.join(', ')}`, engine);
  if (!['auto', 'float32', 'int8'].includes(precision))
    throw new InvalidArgumentError('precision', '"auto", "float32" or "int8"', precision);
  const { manifest, weights } = await readModel(nameOrFolder, precision, options);
  const request = { engine, manifest, weights, threads };
  const { engines, choice, fallback } = await createEngines(request, options.timeouts);
  const { input, largestBatch } = manifest;
  const encoder = new SharedEncoder(engines, input.search, largestBatch, { latencyMs, fallback, onEvent });
  return { manifest, encoder, precision: choice.precision, choice, dispose: () => encoder.dispose() };
}

/** The manifest and the checked files of the weights that may run. */
async function readModel(
  nameOrFolder: string,
  precision: 'auto' | Precision,
  options: LoadOptions,
): Promise<{ manifest: ModelManifest; weights: Map<Precision, ModelPaths> }> {
  const manifestPath = await findManifest(nameOrFolder);
  const manifest = parseManifest(await readJson(manifestPath), manifestPath);
  const offered = (Object.keys(manifest.files) as Precision[]).filter((p) => manifest.files[p]);
  if (precision !== 'auto' && !offered.includes(precision))
    throw new InvalidArgumentError(
      'precision',
      `one of ${offered.join(', ')} for ${manifest.name}`,
      precision,
    );
  const weights = new Map<Precision, ModelPaths>();
  for (const p of precision === 'auto' ? offered : [precision])
    weights.set(p, await checkFiles(manifest, p, dirname(manifestPath), options));
  return { manifest, weights };
}

/**
 * Times engines on a model, one thread each, whether or not `auto` would consider them: ONNX Runtime on the processor with each of
 * the model's precisions, all others with float32.
 */
export async function timeModel(nameOrFolder: string, engines: readonly EngineName[]): Promise<ChoiceRow[]> {
  const { manifest, weights } = await readModel(nameOrFolder, 'auto', {});
  const candidates = engines.flatMap((engine): Candidate[] =>
    engine === 'onnx'
      ? [...weights.keys()].map((precision) => ({ engine, precision }))
      : weights.has('float32')
        ? [{ engine, precision: 'float32' }]
        : [],
  );
  return measure(candidates, { manifest, weights, threads: 1 });
}

/** The same model for one stream: its encoder knows whose requests it gets, so that streams take turns. */
export function modelForStream(model: Model, stream: string): Model {
  return { ...model, encoder: model.encoder.forStream(stream) };
}

/** Names of the models that came with the package, the default one first. */
export async function shippedModels(): Promise<string[]> {
  const folder = join(packageRoot(), 'models');
  const entries = existsSync(folder) ? await readdir(folder) : [];
  const names = entries.filter((name) => existsSync(join(folder, name, 'model.json'))).sort();
  const index = join(folder, 'index.json');
  if (!existsSync(index)) return names;
  const first = ((await readJson(index)) as { default?: string }).default;
  return first !== undefined && names.includes(first) ? [first, ...names.filter((n) => n !== first)] : names;
}

/** Path of the `model.json` of a shipped model, a model folder or the file itself. @throws ModelError `MODEL_NOT_FOUND` */
export async function findManifest(nameOrFolder: string): Promise<string> {
  const path = resolve(nameOrFolder);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return path;
  if (found?.isDirectory() && existsSync(join(path, 'model.json'))) return join(path, 'model.json');
  const shipped = await shippedModels();
  const name = nameOrFolder === 'default' ? shipped[0] : nameOrFolder;
  if (name !== undefined && shipped.includes(name)) return join(packageRoot(), 'models', name, 'model.json');
  throw new ModelError(
    'MODEL_NOT_FOUND',
    `Expected a model folder, a model.json or a shipped model (${shipped.join(', ') || 'none here'}), got ${JSON.stringify(nameOrFolder)}.`,
  );
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `${path}: expected readable JSON`, { cause });
  }
}

/** Absolute paths of one precision's files, each checked against its sha256. */
async function checkFiles(
  manifest: ModelManifest,
  precision: Precision,
  folder: string,
  { weights, files = {} }: LoadOptions,
): Promise<ModelPaths> {
  const check = async (file: { path: string; sha256: string }): Promise<string> => {
    const path = resolve(files[file.path] ?? join(weights ?? folder, file.path));
    let content: Buffer;
    try {
      content = await readFile(path);
    } catch (cause) {
      throw new ModelError(
        'MODEL_NOT_FOUND',
        `${manifest.name}: expected its file ${basename(path)} at ${path}`,
        {
          cause,
        },
      );
    }
    const sha256 = createHash('sha256').update(content).digest('hex');
    if (sha256 === file.sha256) return path;
    throw new ModelError('MODEL_CHECKSUM', `${path}: expected sha256 ${file.sha256}, got ${sha256}`);
  };
  const set = manifest.files[precision];
  if (!set) throw new InvalidArgumentError('precision', 'one the model has', precision);
  return { encoder: await check(set.encoder), head: set.head && (await check(set.head)) };
}
