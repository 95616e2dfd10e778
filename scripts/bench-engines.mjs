// `npm run bench:engines`: sets up what is missing, then measures engines from compiled code.
import { join } from 'node:path';
import { root, run } from './lib.mjs';
import { build, buildTools, prepare } from './setup.mjs';

prepare();
build();
buildTools();
process.exitCode = run(process.execPath, [
  join(root, '.cache/tools/bench/engines.js'),
  ...process.argv.slice(2),
]);
