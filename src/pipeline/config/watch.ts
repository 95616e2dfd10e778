import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Milliseconds of quiet after a change: editors write in several steps. */
const SETTLE = 200;

/**
 * Calls back when a file has changed, also where an editor puts another file in its place.
 * @returns a function that stops it
 */
export function watchFile(path: string, onChange: () => void): () => void {
  const name = basename(path);
  let timer: NodeJS.Timeout | undefined;
  // The folder is watched, for a file that is replaced is another file.
  const watcher: FSWatcher = watch(dirname(path), { persistent: false }, (_, changed) => {
    if (changed !== null && changed !== name) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE);
  });
  watcher.on('error', () => undefined);
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
