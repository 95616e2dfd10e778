import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { EngineError } from './engine-error.js';
import { runTool } from './run-tool.js';

/** The system's programs an installation runs. */
export interface Tools {
  /** Python 3 with pip, or without where pip is not needed. */
  readonly python: string;
  /** node-gyp's script, run with this Node. */
  readonly nodeGyp: string;
}

const PACKAGES = [
  'Debian, Ubuntu:  sudo apt-get install python3 python3-pip make g++',
  'Fedora, RHEL:    sudo dnf install python3 python3-pip make gcc-c++',
  'Arch:            sudo pacman -S python python-pip make gcc',
];

/**
 * Finds what an installation needs before anything is downloaded.
 *
 * @param options.pip whether wheels have to be downloaded
 * @throws {EngineError} `ENGINE_TOOL_MISSING`, naming everything that is missing and how to install it
 */
export async function findTools({ pip }: { pip: boolean }): Promise<Tools> {
  const missing: string[] = [];
  const python = await findPython();
  if (python === undefined) missing.push('Python 3.8 or newer (python3)');
  else if (pip && !(await works(python, ['-m', 'pip', '--version']))) missing.push(`pip for ${python}`);
  if (!(await works('make', ['--version']))) missing.push('make');
  const compilers = process.env.CXX ? [process.env.CXX] : ['g++', 'c++'];
  const found = await Promise.all(compilers.map((name) => works(name, ['--version'])));
  if (!found.includes(true)) missing.push(`a C++ compiler (${compilers.join(' or ')})`);
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined) missing.push('npm, whose node-gyp builds the addon');
  if (missing.length > 0 || python === undefined || nodeGyp === undefined) {
    throw new EngineError(
      'ENGINE_TOOL_MISSING',
      `expected ${missing.join(', ')} on PATH, found none. Install what is missing, then run this again:\n` +
        PACKAGES.map((line) => `  ${line}`).join('\n'),
    );
  }
  return { python, nodeGyp };
}

async function works(program: string, args: readonly string[]): Promise<boolean> {
  return (await runTool(program, args)).status === 0;
}

async function findPython(): Promise<string | undefined> {
  const check = ['-c', 'import sys, zipfile; sys.exit(sys.version_info < (3, 8))'];
  for (const name of process.env.PYTHON ? [process.env.PYTHON] : ['python3', 'python']) {
    if (await works(name, check)) return name;
  }
  return undefined;
}

/** npm carries node-gyp: the npm beside this Node, else the one on PATH. */
function findNodeGyp(): string | undefined {
  const inner = join('node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const besideNode = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', inner);
  if (existsSync(besideNode)) return besideNode;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const npm = join(folder, 'npm');
    if (folder === '' || !existsSync(npm)) continue;
    // The command is a link to npm/bin/npm-cli.js.
    const script = join(dirname(realpathSync(npm)), '..', inner);
    if (existsSync(script)) return script;
  }
  return undefined;
}

/**
 * A folder with Node's headers in `include/node`, or `undefined` where node-gyp has to download them. Headers of
 * another Node serve as well: the addon uses Node-API 8 alone, which is the same in all of them.
 */
export function findNodeHeaders(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const program of [process.execPath, ...folders.map((folder) => join(folder, 'node'))]) {
    if (!existsSync(program)) continue;
    const root = join(dirname(realpathSync(program)), '..');
    if (existsSync(join(root, 'include', 'node', 'node_api.h'))) return root;
  }
  return undefined;
}
