// Runs when npm installs this package as somebody's dependency, before any dependency's own install script.
//
// onnxruntime-node's script fetches some 300 MB of CUDA libraries on Linux whether there is a GPU or not, and fails
// the whole installation where it cannot. It looks first whether the files are there, so empty ones stand in for
// them. Asking for CUDA (ONNXRUNTIME_NODE_INSTALL=true) leaves that script to its work, now or later.
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const asked = Object.keys(process.env).some((name) =>
  /^(npm_config_)?onnxruntime_node_install(_cuda)?$/i.test(name),
);
try {
  if (!asked) {
    const require = createRequire(import.meta.url);
    const runtime = dirname(require.resolve('onnxruntime-node/package.json'));
    const { manifests, requirements } = require('onnxruntime-node/script/install-metadata.js');
    const platform = `${process.platform}/${process.arch}`;
    for (const name of requirements[platform] ?? []) {
      for (const file of Object.keys(manifests[`${platform}:${name}`])) {
        const path = join(runtime, 'bin/napi-v6', platform, file);
        if (!existsSync(path)) writeFileSync(path, '');
      }
    }
  }
} catch {
  // A layout this does not know: the dependency's own script decides, as it would have without this.
}
