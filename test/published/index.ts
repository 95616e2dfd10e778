import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = process.env.SIAMTRACK_PUBLISHED ?? join(here, '../../../shared/models');

/**
 * Where a published network's manifest and weights are; undefined, saying so, where the weights are not at hand.
 * @param weights the folder of the weights below SIAMTRACK_PUBLISHED, where it is not called as the manifest is
 */
export function publishedModel(
  name: string,
  weights = name,
): { readonly manifest: string; readonly weights: string } | undefined {
  const found = join(folder, weights);
  if (existsSync(found)) return { manifest: join(here, name), weights: found };
  console.info(`skipped: ${name} is not in ${folder} (set SIAMTRACK_PUBLISHED to the folder that holds it)`);
  return undefined;
}
