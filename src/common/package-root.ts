import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let found: { readonly root: string; readonly version: string } | undefined;

function locate(): { readonly root: string; readonly version: string } {
  if (found) return found;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (manifest.name === 'siamtrack') {
        found = { root: folder, version: String(manifest.version) };
        return found;
      }
    } catch {
      // No package.json here: look one folder up.
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The siamtrack package.json is missing above the running code.');
    folder = parent;
  }
}

/** The folder this package is installed in: the one that holds its `package.json` and `models/`. */
export function packageRoot(): string {
  return locate().root;
}

/** This package's version, from its `package.json`. */
export function packageVersion(): string {
  return locate().version;
}
