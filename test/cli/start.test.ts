import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';

const IMPORT = /^(?:import|export)\s(?:[^'"();]*?\sfrom\s)?['"]([^'"]+)['"];/gm;

/** The packages that are loaded with a built module, before anything is asked of it. */
function packagesOf(entry: string): Set<string> {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      if (name.startsWith('.')) visit(join(dirname(file), name));
      else if (!name.startsWith('node:')) packages.add(name);
    }
  };
  visit(join(packageRoot(), 'dist', entry));
  return packages;
}

describe('the start of siamtrack', () => {
  const LIGHT = [
    ...['track', 'convert', 'batch', 'worker', 'queue', 'targets', 'serve', 'watch', 'protocol'],
    ...['evaluate', 'compare', 'calibrate', 'train', 'engine', 'doctor'],
  ];
  it.each(['main', ...LIGHT])('loads for %s, to say what it accepts, what reads a command line', (name) => {
    expect([...packagesOf(`cli/${name}.js`)].filter((loaded) => loaded !== 'commander')).toEqual([]);
  });

  const server = ['fastify', 'ws', 'prom-client', 'pino'];
  const queue = ['bullmq', 'ioredis'];
  const network = ['onnxruntime-node'];
  const pictures = ['sharp', 'fluent-ffmpeg'];
  it.each([
    ['track', [...server, ...queue, 'sharp', 'yaml', 'saxes']],
    ['convert', [...server, ...queue, ...network, ...pictures]],
    ['batch', [...server, ...queue, 'sharp']],
    ['targets', [...server, ...queue, 'sharp']],
    ['worker', [...server, 'sharp']],
    ['queue', [...server, 'sharp']],
    ['watch', [...server, ...queue, ...network, ...pictures]],
    ['protocol', [...server, ...queue, ...network, ...pictures]],
    ['evaluate', [...server, ...queue, 'sharp']],
    ['compare', [...server, ...queue, 'sharp']],
    ['train', [...server, ...queue]],
    ['engine', [...server, ...queue, ...network, ...pictures]],
    ['doctor', [...server, ...queue, ...network, ...pictures]],
  ])('loads for %s only what that needs', (command, needless) => {
    const loaded = packagesOf(`cli/run/${command}.js`);
    expect(needless.filter((name) => loaded.has(name))).toEqual([]);
  });
});
