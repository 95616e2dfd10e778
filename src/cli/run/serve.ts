import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../common/index.js';
import type { ServeCommandOptions } from '../serve.js';

/** Serves streams, or prints what a configuration looks like, which needs no server. */
export async function serve(sources: readonly string[], options: ServeCommandOptions): Promise<void> {
  if (options.printConfig) {
    process.stdout.write(await readFile(join(packageRoot(), 'siamtrack.yaml'), 'utf8'));
  } else if (options.printSchema) {
    const { configSchema } = await import('../../pipeline/config/index.js');
    process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
  } else {
    const { serveStreams } = await import('./live-server.js');
    await serveStreams(sources, options);
  }
}
