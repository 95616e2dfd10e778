import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';

const installed = join(packageRoot(), 'node_modules/onnxruntime-node');
const platform = `${process.platform}/${process.arch}`;

/** A folder in which this package and onnxruntime-node (its scripts and no binaries) are somebody's dependencies. */
let home: string;
let binaries: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'siamtrack-'));
  const runtime = join(home, 'node_modules/onnxruntime-node');
  binaries = join(runtime, 'bin/napi-v6', platform);
  mkdirSync(binaries, { recursive: true });
  mkdirSync(join(runtime, 'script'));
  for (const name of readdirSync(join(installed, 'script'))) {
    copyFileSync(join(installed, 'script', name), join(runtime, 'script', name));
  }
  copyFileSync(join(installed, 'package.json'), join(runtime, 'package.json'));
  mkdirSync(join(home, 'node_modules/siamtrack/scripts'), { recursive: true });
  copyFileSync(
    join(packageRoot(), 'scripts/preinstall.mjs'),
    join(home, 'node_modules/siamtrack/scripts/preinstall.mjs'),
  );
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function preinstall(env: NodeJS.ProcessEnv = {}) {
  // What npm's own settings here say must not decide the test.
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/onnxruntime/i.test(name)),
  );
  return spawnSync(process.execPath, [join(home, 'node_modules/siamtrack/scripts/preinstall.mjs')], {
    encoding: 'utf8',
    env: { ...clean, ...env },
  });
}

describe('installing the package', () => {
  it.runIf(platform === 'linux/x64')('leaves onnxruntime-node no CUDA library to fetch', () => {
    expect(preinstall().status).toBe(0);
    expect(readdirSync(binaries).sort()).toEqual([
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
      'libonnxruntime_providers_tensorrt.so',
    ]);
  });

  it('leaves the choice to who asked for CUDA', () => {
    for (const name of ['ONNXRUNTIME_NODE_INSTALL', 'npm_config_onnxruntime_node_install']) {
      expect(preinstall({ [name]: 'true' }).status).toBe(0);
      expect(readdirSync(binaries)).toEqual([]);
    }
  });

  it('never touches a library that is there', () => {
    const library = join(binaries, 'libonnxruntime_providers_cuda.so');
    writeFileSync(library, 'a real one');
    preinstall();
    expect(readFileSync(library, 'utf8')).toBe('a real one');
  });

  it('does no harm where onnxruntime-node is laid out otherwise or absent', () => {
    rmSync(join(home, 'node_modules/onnxruntime-node/script'), { recursive: true });
    expect(preinstall().status).toBe(0);
    rmSync(join(home, 'node_modules/onnxruntime-node'), { recursive: true });
    expect(preinstall()).toMatchObject({ status: 0, stderr: '' });
  });
});
