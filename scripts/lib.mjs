// What the set-up scripts share. Plain node without dependencies: these run before anything is installed.
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Prints a line about what is being done to stderr, so that stdout stays the product's. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Prints why the work cannot go on, and ends the process. */
export function stop(text, status = 1) {
  say(text);
  process.exit(status);
}

/** Runs a program with the terminal handed through; returns its exit status (127 where it does not exist). */
export function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) return result.error.code === 'ENOENT' ? 127 : 126;
  return result.status ?? 1;
}

/** Like {@link run}, ending this process with the same status where the program fails. */
export function mustRun(program, args, options) {
  const status = run(program, args, options);
  if (status !== 0) stop(`Failed (status ${status}): ${[program, ...args].join(' ')}`, status);
}

/** Whether a program starts and ends well with these arguments. */
export function works(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** Runs npm with the same node that runs this script. */
export function npm(...args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) return run(process.execPath, [cli, ...args]);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { shell: process.platform === 'win32' });
}
