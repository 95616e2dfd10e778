import { cpSync, existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { packageRoot } from '../common/index.js';
import { EngineError } from './engine-error.js';
import { ADDON_PACKAGE, ADDON_VERSION } from './engine-folder.js';
import { lastLines, runTool } from './run-tool.js';

/** Source maps, types, bundles for browsers and tests: three quarters of the bytes, none of them run here. */
const UNUSED = /\.(map|ts)$|_test\.js$|\.(fesm|es2017|min)\b.*\.js$/;

/**
 * Puts TensorFlow.js (the addon's package and everything it needs, without the library) into `folder/node_modules`:
 * copied from where this package has it, else, where npm left the optional dependency out, installed from the
 * registry without its install script.
 *
 * @throws {EngineError} `ENGINE_DOWNLOAD`
 */
export async function installJavaScript(folder: string): Promise<void> {
  const own = resolvePackage(ADDON_PACKAGE, packageRoot());
  const packages = own && versionOf(own) === ADDON_VERSION ? collectPackages(own, rootOf(own)) : undefined;
  if (packages) copyPackages(packages, folder);
  else await npmInstall(folder, [`${ADDON_PACKAGE}@${ADDON_VERSION}`]);
}

/** The folder whose `node_modules` holds a package of that name. */
function rootOf(folder: string): string {
  return folder.slice(0, folder.length - join('node_modules', ADDON_PACKAGE).length);
}

/** Copies packages (from each one's folder to where it belongs in `folder`) without what is not run here. */
export function copyPackages(packages: ReadonlyMap<string, string>, folder: string): void {
  for (const [from, to] of packages) {
    cpSync(from, join(folder, to), {
      recursive: true,
      dereference: true,
      // Packages nested in this one are copied for themselves; an earlier build stays behind.
      filter: (path) => {
        const inner = relative(from, path);
        return !/^(node_modules|build|deps|lib\/napi-v\d+)$/.test(inner) && !UNUSED.test(basename(path));
      },
    });
  }
}

/**
 * A package and all it depends on: from each one's folder to where it belongs, relative to the root of the copy; or
 * `undefined` where one is missing.
 *
 * @param top the folder whose `node_modules` becomes that of the copy
 */
export function collectPackages(start: string, top: string): Map<string, string> | undefined {
  const found = new Map<string, string>();
  const visit = (folder: string): boolean => {
    if (found.has(folder)) return true;
    const to = relative(top, folder);
    if (to.startsWith('..')) return false;
    found.set(folder, to);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    return Object.keys(manifest.dependencies ?? {}).every((name) => {
      // Types are not needed to run.
      if (name.startsWith('@types/')) return true;
      const next = resolvePackage(name, folder);
      return next !== undefined && visit(next);
    });
  };
  return visit(start) ? found : undefined;
}

/** The folder of a package as Node finds it from another folder. */
export function resolvePackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}

export function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Has npm put packages into `folder/node_modules` without running their install scripts.
 *
 * @param packages as npm writes them, e.g. `webgpu@0.6.2`
 * @throws {EngineError} `ENGINE_DOWNLOAD`
 */
export async function npmInstall(folder: string, packages: readonly string[]): Promise<void> {
  const flags = ['--prefix', folder, '--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
  const { status, log } = await runTool('npm', ['install', ...flags, ...packages]);
  if (status === 0) return;
  throw new EngineError(
    'ENGINE_DOWNLOAD',
    `expected npm to install ${packages.join(', ')}; it ended with ${status}\n${lastLines(log)}`,
  );
}
