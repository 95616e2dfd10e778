import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '../common/index.js';
import { buildAddon, checkLibrary, essentialFiles, placeLibrary, probeEngine } from './addon.js';
import { EngineError } from './engine-error.js';
import {
  addonPackageFolder,
  type EngineRecord,
  engineName,
  enginesFolder,
  findMissingFile,
  type InstalledEngine,
  listEngines,
  readEngine,
} from './engine-folder.js';
import { installJavaScript } from './javascript.js';
import { distributionOf, obtainLibrary } from './library.js';
import { DEFAULT_VERSION } from './names.js';
import { removeAbandoned, swapIn, workshopIn, writeRecord } from './staging.js';
import { findTools } from './tools.js';
import { checkPlatform, findWheels, sha256OfFile } from './wheels.js';

/** What to install. */
export interface InstallOptions {
  /** TensorFlow's version, e.g. `2.21.0`; default: the newest one in `from`, else the one this release was tried with. */
  readonly version?: string;
  /** The build for NVIDIA GPUs with its CUDA libraries; it computes on the processor where there is no GPU. */
  readonly gpu?: boolean;
  /** A folder with the downloaded wheel, or with the library and headers unpacked from it: nothing is downloaded. */
  readonly from?: string;
  /** Installs anew what is installed already. */
  readonly force?: boolean;
  /** Where engines are kept; default: the user's folder, see `enginesFolder`. */
  readonly root?: string;
  /** Told each step, in words, as it begins. */
  readonly onStep?: (step: string) => void;
}

/** What an installation did. */
export interface InstallResult extends InstalledEngine {
  /** Whether it was there already, whole, so that nothing was done. */
  readonly alreadyInstalled: boolean;
  /** Whether it computes on a GPU here; not asked for again where it was installed already. */
  readonly usesGpu?: boolean;
}

/**
 * Installs native TensorFlow for Node: TensorFlow's own C library out of a wheel of the Python package index, and the
 * addon of `@tensorflow/tfjs-node-gpu` compiled against it. An engine appears whole or not at all, and one that is
 * installed already is checked against its digests and kept.
 *
 * @throws {EngineError} see its codes
 * @throws {InvalidArgumentError} for a version that is none
 */
export async function installTensorFlow(options: InstallOptions = {}): Promise<InstallResult> {
  const { gpu = false, from, force = false, root = enginesFolder(), onStep = () => undefined } = options;
  if (options.version !== undefined && !/^\d+\.\d+\.\d+[\w.]*$/.test(options.version)) {
    throw new InvalidArgumentError('version', 'three numbers such as 2.21.0', options.version);
  }
  if (from !== undefined && !statSync(from, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError('from', 'a folder', from);
  }
  checkPlatform();
  const variant = gpu ? 'gpu' : 'cpu';
  // Not known before it is built where a library was unpacked by hand.
  const wanted = options.version ?? (from === undefined ? DEFAULT_VERSION : newestIn(from, variant));
  if (!force && wanted !== undefined) {
    const present = readEngine(join(root, engineName(wanted, variant)));
    if (present && (await isWhole(present, onStep)))
      return { ...select(present, root), alreadyInstalled: true };
  }
  const tools = await findTools({ pip: from === undefined });
  mkdirSync(root, { recursive: true });
  removeAbandoned(root);
  // What becomes the engine and what is thrown away, on one file system so that files can be moved across.
  const workshop = workshopIn(root);
  const staging = join(workshop, 'engine');
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    const library = await obtainLibrary({
      python: tools.python,
      scratch: workshop,
      version: wanted,
      variant,
      from,
      onStep,
    });
    checkLibrary(library.folder);
    onStep('Copying TensorFlow.js');
    await installJavaScript(staging);
    placeLibrary(staging, library.folder, { move: library.disposable });
    if (library.cuda) renameSync(library.cuda, join(addonPackageFolder(staging), 'deps', 'nvidia'));
    onStep('Compiling the addon');
    await buildAddon(staging, tools);
    onStep('Trying it');
    const probe = await probeEngine(staging);
    const expected = library.version ?? options.version;
    if (expected !== undefined && probe.version !== expected) {
      throw new EngineError(
        'ENGINE_FILES',
        `expected TensorFlow ${expected}, the library says ${probe.version}`,
      );
    }
    const record = await describe(staging, probe.version, variant, library.wheels);
    const folder = join(root, engineName(probe.version, variant));
    swapIn(staging, folder, join(workshop, 'old'));
    return { folder, record, alreadyInstalled: false, usesGpu: probe.gpu };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function newestIn(folder: string, variant: 'cpu' | 'gpu'): string | undefined {
  return findWheels(folder, distributionOf(variant))[0]?.version;
}

/** Whether every file still has its digest. */
async function isWhole(engine: InstalledEngine, onStep: (step: string) => void): Promise<boolean> {
  onStep('Checking what is installed');
  if (findMissingFile(engine) !== undefined) return false;
  for (const { path, sha256 } of engine.record.files) {
    if ((await sha256OfFile(join(engine.folder, path))) !== sha256) return false;
  }
  return true;
}

/** Makes an engine the one that is used, which is the one installed last. */
function select(engine: InstalledEngine, root: string): InstalledEngine {
  if (listEngines(root)[0]?.folder === engine.folder) return engine;
  const record = { ...engine.record, installedAt: new Date().toISOString() };
  writeRecord(engine.folder, record);
  return { folder: engine.folder, record };
}

async function describe(
  folder: string,
  version: string,
  variant: 'cpu' | 'gpu',
  wheels: EngineRecord['wheels'],
): Promise<EngineRecord> {
  const files: EngineRecord['files'] = [];
  for (const path of essentialFiles()) {
    const file = join(folder, path);
    files.push({ path, bytes: statSync(file).size, sha256: await sha256OfFile(file) });
  }
  const installedAt = new Date().toISOString();
  const record = { format: 1, version, variant, wheels, files, node: process.version, installedAt } as const;
  writeRecord(folder, record);
  return record;
}
