import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageRoot } from './package-root.js';

/**
 * The file a worker thread is started from: `name` beside the module `from` (its `import.meta.url`). A thread cannot
 * load TypeScript, so a module that runs from its source (in tests) gets the built file of the same place.
 */
export function workerFile(from: string, name: string): URL {
  const beside = new URL(name, from);
  const path = relative(join(packageRoot(), 'src'), fileURLToPath(beside));
  return path.startsWith('..') ? beside : pathToFileURL(join(packageRoot(), 'dist', path));
}
