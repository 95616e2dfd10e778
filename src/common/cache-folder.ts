import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The folder for what can be made again: `$SIAMTRACK_CACHE`, else `siamtrack` in the user's cache folder
 * (`$XDG_CACHE_HOME`, `~/.cache`). It lies outside any `node_modules`: `npm ci` leaves it alone and every
 * checkout and project of a user shares it.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.SIAMTRACK_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'siamtrack');
}
