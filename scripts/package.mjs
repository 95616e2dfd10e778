// `npm run package`: builds and packs the tarball that `npm install` takes. (`npm pack` alone would pack what was
// built last: this repository's .npmrc turns lifecycle scripts off.)
import { npm } from './lib.mjs';
import { build, prepare } from './setup.mjs';

prepare();
build();
process.exitCode = npm('pack', ...process.argv.slice(2));
