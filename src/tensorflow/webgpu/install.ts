import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, workerFile } from '../../common/index.js';
import { EngineError } from '../engine-error.js';
import { collectPackages, copyPackages, npmInstall, resolvePackage, versionOf } from '../javascript.js';
import { lastLines, runTool } from '../run-tool.js';
import { removeAbandoned, swapIn, workshopIn, writeRecord } from '../staging.js';
import { sha256OfFile } from '../wheels.js';
import { engineFolder, essentialFiles, readRecord, type WebGpuRecord, webGpuFolder } from './folder.js';
import type { WebGpuAdapter } from './load.js';
import { dawnBuild, ENGINE_VERSION, PACKAGES } from './packages.js';
import type { WebGpuProbe } from './probe.js';

/** What to install. */
export interface WebGpuInstallOptions {
  /** A folder whose `node_modules` holds the packages, as npm installed them elsewhere: nothing is downloaded. */
  readonly from?: string;
  /** Installs anew what is installed already. */
  readonly force?: boolean;
  /** Where it is kept; default: the user's folder. */
  readonly root?: string;
  /** Told each step, in words, as it begins. */
  readonly onStep?: (step: string) => void;
}

/** What an installation did. */
export interface WebGpuInstallResult {
  readonly folder: string;
  readonly version: string;
  /** Whether it was there already, whole, so that nothing was done. */
  readonly alreadyInstalled: boolean;
  /** What it computes on here; null where no driver offers a GPU. Not asked for again where it was installed already. */
  readonly adapter?: WebGpuAdapter | null;
}

/**
 * Installs TensorFlow.js with its WebGPU backend and Dawn, from npm, in pinned versions that are compared with the digests
 * in this package. It appears whole or not at all; one that is installed already is checked against its digests and kept.
 *
 * @throws {EngineError} `ENGINE_PLATFORM`, `ENGINE_DOWNLOAD`, `ENGINE_FILES`, `ENGINE_CHECKSUM`, `ENGINE_BUILD`
 */
export async function installWebGpu(options: WebGpuInstallOptions = {}): Promise<WebGpuInstallResult> {
  const { from, force = false, root = webGpuFolder(), onStep = () => undefined } = options;
  if (from !== undefined && !statSync(from, { throwIfNoEntry: false })?.isDirectory())
    throw new InvalidArgumentError('from', 'a folder', from);
  const dawn = dawnBuild();
  const folder = engineFolder(root);
  const version = ENGINE_VERSION;
  if (!force && (await isWhole(folder, onStep))) return { folder, version, alreadyInstalled: true };
  mkdirSync(root, { recursive: true });
  removeAbandoned(root);
  const workshop = workshopIn(root);
  const [given, staging] = [join(workshop, 'npm'), join(workshop, 'engine')];
  rmSync(workshop, { recursive: true, force: true });
  mkdirSync(given, { recursive: true });
  try {
    if (from === undefined) {
      onStep(`Downloading ${names().join(', ')}`);
      await npmInstall(given, names());
      checkDownload(given);
    }
    onStep('Copying');
    gather(resolve(from ?? given), staging);
    await checkDawn(staging, dawn);
    onStep('Trying it');
    const adapter = await probe(staging);
    writeRecord(staging, await describe(staging));
    swapIn(staging, folder, join(workshop, 'old'));
    return { folder, version, alreadyInstalled: false, adapter };
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function names(): string[] {
  return Object.entries(PACKAGES).map(([name, { version }]) => `${name}@${version}`);
}

/** npm compares tarballs with what the registry says of them; this compares what it says with what it said once. */
function checkDownload(folder: string): void {
  const { packages } = JSON.parse(
    readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8'),
  ) as { packages: Record<string, { integrity?: string } | undefined> };
  for (const [name, { version, integrity }] of Object.entries(PACKAGES)) {
    const got = packages[`node_modules/${name}`]?.integrity;
    if (got === integrity) continue;
    const message = `expected ${name}@${version} with ${integrity}, the registry's has ${got ?? 'no digest'}`;
    throw new EngineError('ENGINE_CHECKSUM', message);
  }
}

/** Copies the packages and all they need, without what is not run here. */
function gather(from: string, staging: string): void {
  for (const [name, { version }] of Object.entries(PACKAGES)) {
    const package_ = resolvePackage(name, from);
    const got = package_ && versionOf(package_);
    if (package_ === undefined || got !== version) {
      throw new EngineError(
        'ENGINE_FILES',
        `${from}: expected ${name} ${version} in its node_modules, got ${got ?? 'none'}; on a machine with a network: ` +
          `npm install --ignore-scripts --prefix FOLDER ${names().join(' ')}`,
      );
    }
    const all = collectPackages(package_, from);
    if (!all)
      throw new EngineError('ENGINE_FILES', `${from}: expected all that ${name} needs in its node_modules`);
    copyPackages(all, staging);
  }
}

/** Keeps this machine's Dawn alone: every other one is twenty megabytes. */
async function checkDawn(staging: string, dawn: ReturnType<typeof dawnBuild>): Promise<void> {
  const dist = join(staging, 'node_modules', 'webgpu', 'dist');
  renameSync(dist, `${dist}-all`);
  mkdirSync(dist);
  if (existsSync(join(`${dist}-all`, dawn.folder)))
    renameSync(join(`${dist}-all`, dawn.folder), join(dist, dawn.folder));
  rmSync(`${dist}-all`, { recursive: true });
  const file = join(dist, dawn.folder, 'dawn.node');
  if (!existsSync(file))
    throw new EngineError('ENGINE_FILES', `expected ${dawn.folder}/dawn.node, found none`);
  const got = await sha256OfFile(file);
  if (got !== dawn.sha256) {
    const message = `${dawn.folder}/dawn.node: expected SHA-256 ${dawn.sha256}, got ${got}`;
    throw new EngineError('ENGINE_CHECKSUM', message);
  }
}

/** Loads an engine in a process of its own and computes a gradient with it, where there is an adapter. */
export async function probe(folder: string): Promise<WebGpuAdapter | null> {
  const file = fileURLToPath(workerFile(import.meta.url, './probe.js'));
  const { status, stdout, log } = await runTool(process.execPath, [file, folder]);
  if (status === 0) return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as WebGpuProbe).adapter;
  throw new EngineError('ENGINE_BUILD', `expected the engine to load and compute\n${lastLines(log)}`);
}

async function isWhole(folder: string, onStep: (step: string) => void): Promise<boolean> {
  const record = readRecord(folder);
  if (!record) return false;
  onStep('Checking what is installed');
  for (const { path, sha256 } of record.files) {
    const file = join(folder, path);
    if (!existsSync(file) || (await sha256OfFile(file)) !== sha256) return false;
  }
  return true;
}

async function describe(folder: string): Promise<WebGpuRecord> {
  const files: WebGpuRecord['files'] = [];
  for (const path of essentialFiles()) {
    const file = join(folder, path);
    files.push({ path, bytes: statSync(file).size, sha256: await sha256OfFile(file) });
  }
  const installedAt = new Date().toISOString();
  return { format: 1, version: ENGINE_VERSION, files, node: process.version, installedAt };
}
