// `npm run bench`: sets up what is missing, then measures from compiled code. Arguments go to bench/index.ts.
import { join } from 'node:path';
import { root, run } from './lib.mjs';
import { build, buildTools, prepare } from './setup.mjs';

prepare();
build();
buildTools();
process.exitCode = run(process.execPath, [
  join(root, '.cache/tools/bench/index.js'),
  ...process.argv.slice(2),
]);
