import { cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from './engine-error.js';
import { ADDON, ADDON_PACKAGE, addonPackageFolder } from './engine-folder.js';
import { lastLines, runTool } from './run-tool.js';
import { findNodeHeaders, type Tools } from './tools.js';

/** TensorFlow's libraries; the first holds the C functions the addon calls. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** The files an engine cannot load without, relative to its folder. */
export function essentialFiles(): string[] {
  const inner = `node_modules/${ADDON_PACKAGE}`;
  return [...LIBRARIES.map((name) => `${inner}/deps/lib/${name}`), `${inner}/${ADDON}`];
}

/**
 * Sees whether a folder holds both libraries and their headers.
 *
 * @throws {EngineError} `ENGINE_FILES` where one is missing
 */
export function checkLibrary(unpacked: string): void {
  const missing = [...LIBRARIES, 'include/tensorflow/c/eager/c_api.h'].find(
    (name) => !existsSync(join(unpacked, name)),
  );
  if (missing === undefined) return;
  throw new EngineError(
    'ENGINE_FILES',
    `${unpacked}: expected TensorFlow's library with ${missing}, which is not there`,
  );
}

/**
 * Lays the library and its headers out as the addon's build expects them.
 *
 * @param engine the engine's folder, with the addon's package in its `node_modules`
 * @param unpacked a folder with the libraries and `include/` in it
 * @param options.move whether they may be moved out of it, and need not be copied
 */
export function placeLibrary(engine: string, unpacked: string, { move }: { move: boolean }): void {
  const deps = join(addonPackageFolder(engine), 'deps');
  mkdirSync(join(deps, 'lib'), { recursive: true });
  const place = (from: string, to: string) => {
    if (move) renameSync(from, to);
    else cpSync(from, to, { recursive: true, dereference: true });
  };
  for (const name of LIBRARIES) place(join(unpacked, name), join(deps, 'lib', name));
  place(join(unpacked, 'include'), join(deps, 'include'));
  // The names the linker asks for.
  symlinkSync(LIBRARIES[0], join(deps, 'lib', 'libtensorflow.so'));
  symlinkSync(LIBRARIES[1], join(deps, 'lib', 'libtensorflow_framework.so'));
}

/**
 * Compiles the addon with node-gyp against Node-API 8, so that it loads in every Node from 20 on.
 *
 * @throws {EngineError} `ENGINE_BUILD`
 */
export async function buildAddon(engine: string, { nodeGyp, python }: Tools): Promise<void> {
  const cwd = addonPackageFolder(engine);
  const headers = findNodeHeaders();
  const args = [
    nodeGyp,
    'rebuild',
    '--module_name=tfjs_binding',
    `--module_path=${join(cwd, 'lib', 'napi-v8')}`,
    '--napi_build_version=8',
    ...(headers === undefined ? [] : [`--nodedir=${headers}`]),
  ];
  const env = { ...process.env, npm_config_python: python };
  const { status, log } = await runTool(process.execPath, args, { cwd, env });
  if (status !== 0 || !existsSync(join(cwd, ADDON))) {
    throw new EngineError('ENGINE_BUILD', `expected node-gyp to build the addon\n${lastLines(log, 25)}`);
  }
  rmSync(join(cwd, 'build'), { recursive: true, force: true });
}

// A multiplication with its gradient: loads the library, finds its kernels, and runs one each way.
const PROBE = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = require(process.argv[1]);
const dx = tf.grad((x) => tf.matMul(x, [[3], [4]]).sum())(tf.tensor2d([[1, 2]])).arraySync();
if (String(dx) !== '3,4') throw new Error('expected the gradient 3,4, got ' + dx);
const { binding, isUsingGpuDevice } = tf.backend();
process.stdout.write('\\n' + JSON.stringify({ backend: tf.getBackend(), version: binding.TF_Version, gpu: isUsingGpuDevice }));
`;

/** What a freshly built engine says of itself. */
export interface ProbeResult {
  readonly version: string;
  /** Whether it computes on a GPU here. */
  readonly gpu: boolean;
}

/**
 * Loads an engine in a process of its own and computes a gradient with it.
 *
 * @throws {EngineError} `ENGINE_BUILD`
 */
export async function probeEngine(engine: string): Promise<ProbeResult> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const args = ['-e', PROBE, addonPackageFolder(engine)];
  const { status, stdout, log } = await runTool(process.execPath, args, { env });
  if (status === 0) {
    const { backend, version, gpu } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as Record<
      string,
      unknown
    >;
    if (backend === 'tensorflow' && typeof version === 'string') return { version, gpu: gpu === true };
  }
  throw new EngineError('ENGINE_BUILD', `expected the built addon to load and compute\n${lastLines(log)}`);
}
