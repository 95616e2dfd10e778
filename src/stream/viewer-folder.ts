import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../common/index.js';

/** The folder of the built viewer page, where it has been built. */
export function viewerFolder(): string | undefined {
  const folder = join(packageRoot(), 'dist', 'stream', 'viewer');
  return existsSync(join(folder, 'index.html')) ? folder : undefined;
}
