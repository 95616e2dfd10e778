import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { packageRoot, SiamtrackError } from '../common/index.js';
import { ADDON, ADDON_PACKAGE, enginesFolder, listEngines } from './engine-folder.js';

/**
 * TensorFlow.js as the native engine provides it. An engine carries its own copy of TensorFlow.js: take every
 * function and class from this object, and from `@tensorflow/tfjs-core` nothing but types.
 */
export type TensorFlow = typeof import('@tensorflow/tfjs-core');

/** How to load TensorFlow. */
export interface LoadOptions {
  /**
   * Processor threads one operation may use, 1 or more; default: all. The library reads it once, so it has an effect
   * on the first load in a process only, and none where `TF_NUM_INTRAOP_THREADS` is set.
   */
  readonly threads?: number;
  /** The folder that holds the installed engines; default: the user's, see `enginesFolder`. */
  readonly root?: string;
}

const INSTALL = 'siamtrack engine install tensorflow';

let loading: Promise<TensorFlow> | undefined;

/**
 * Loads native TensorFlow: the engine that was installed last by `siamtrack engine install tensorflow`, else what
 * `@tensorflow/tfjs-node-gpu` or `@tensorflow/tfjs-node` installed by themselves. Loaded once per process.
 *
 * @throws {SiamtrackError} `TENSORFLOW_MISSING` where none is installed; `TENSORFLOW_BROKEN` where one is and its
 *   library cannot be loaded.
 */
export function loadTensorFlow(options: LoadOptions = {}): Promise<TensorFlow> {
  loading ??= load(options).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load({ threads, root = enginesFolder() }: LoadOptions): Promise<TensorFlow> {
  restoreRemovedFunctions();
  setLibraryDefaults(threads);
  const [engine] = listEngines(root);
  if (engine) {
    try {
      return await start(createRequire(join(engine.folder, 'package.json')), ADDON_PACKAGE);
    } catch (cause) {
      throw new SiamtrackError(
        'TENSORFLOW_BROKEN',
        `expected a working TensorFlow ${engine.record.version} in ${engine.folder}, which cannot be loaded; ` +
          `run: ${INSTALL} --force`,
        { cause },
      );
    }
  }
  const require = createRequire(join(packageRoot(), 'package.json'));
  const name = [ADDON_PACKAGE, '@tensorflow/tfjs-node'].find((candidate) => hasAddon(require, candidate));
  if (name === undefined) {
    throw new SiamtrackError(
      'TENSORFLOW_MISSING',
      `expected native TensorFlow, which training needs, and found none in ${root}; run: ${INSTALL}`,
    );
  }
  try {
    return await start(require, name);
  } catch (cause) {
    throw new SiamtrackError(
      'TENSORFLOW_BROKEN',
      `expected a working ${name}, which cannot be loaded; run: ${INSTALL}`,
      { cause },
    );
  }
}

/** Whether a package is there and its install script found or built its addon. */
function hasAddon(require: NodeJS.Require, name: string): boolean {
  try {
    return existsSync(join(dirname(require.resolve(`${name}/package.json`)), ADDON));
  } catch {
    return false;
  }
}

async function start(require: NodeJS.Require, name: string): Promise<TensorFlow> {
  const tf = require(name) as TensorFlow;
  await tf.ready();
  if (tf.getBackend() !== 'tensorflow') {
    throw new Error(`${name}: expected the backend tensorflow, got ${tf.getBackend()}`);
  }
  return tf;
}

/** TensorFlow.js 4.22 calls two functions that Node 23 removed. */
function restoreRemovedFunctions(): void {
  const functions: Record<string, unknown> = util as unknown as Record<string, unknown>;
  functions.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  functions.isArray ??= Array.isArray;
}

/**
 * What the library reads from the environment when it loads. Operations run one after another, so a second
 * inter-operation thread only takes turns with the ones that compute.
 */
function setLibraryDefaults(threads = availableParallelism()): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  process.env.OMP_NUM_THREADS ??= process.env.TF_NUM_INTRAOP_THREADS;
}
