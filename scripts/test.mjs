// `npm test`: sets up what is missing, builds, runs the suite. Arguments go to vitest.
import { join } from 'node:path';
import { root, run } from './lib.mjs';
import { build, prepare } from './setup.mjs';
import { installTestTools } from './test-tools.mjs';

prepare();
installTestTools();
build();
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
process.exitCode = run(process.execPath, [vitest, 'run', ...process.argv.slice(2)]);
