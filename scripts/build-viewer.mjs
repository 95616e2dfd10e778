// Builds the viewer, the page that `siamtrack serve` serves at `/`: compiles src/stream/viewer for browsers, and puts the modules that
// the page reaches, with the page itself, into a folder whose files need nothing but each other.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mustRun, root } from './lib.mjs';

const SOURCE = join(root, 'src/stream/viewer');
const COMPILED = join(root, '.cache/viewer/stream');
const ENTRY = 'viewer/main.js';
const IMPORT = /^(?:import|export)\s(?:[^'"();]*?\sfrom\s)?['"]([^'"]+)['"];/gm;

/** The modules that a module reaches, itself first, with their text. */
function reach(entry) {
  const modules = new Map();
  const visit = (name) => {
    if (modules.has(name)) return;
    const text = readFileSync(join(COMPILED, name), 'utf8');
    modules.set(name, text);
    for (const [, specifier] of text.matchAll(IMPORT)) {
      const next = posix.join(posix.dirname(name), specifier);
      if (!specifier.startsWith('.') || next.startsWith('..'))
        throw new Error(
          `${name}: expected imports from src/stream, which a browser can load; got ${specifier}`,
        );
      visit(next);
    }
  };
  visit(entry);
  return modules;
}

/** @param folder where the page goes; what was there is removed */
export function buildViewer(folder = join(root, 'dist/stream/viewer')) {
  mustRun(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.viewer.json']);
  const modules = reach(ENTRY);
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of modules) {
    const path = join(folder, 'js', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  for (const name of readdirSync(SOURCE))
    if (/\.(css|svg)$/.test(name)) copyFileSync(join(SOURCE, name), join(folder, name));
  // Named up front, so that the browser need not find them one by one.
  const preloads = [...modules.keys()].map((name) => `<link rel="modulepreload" href="js/${name}">`);
  const page = readFileSync(join(SOURCE, 'index.html'), 'utf8');
  writeFileSync(join(folder, 'index.html'), page.replace('<!-- modules -->', preloads.join('\n    ')));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) buildViewer(process.argv[2]);
