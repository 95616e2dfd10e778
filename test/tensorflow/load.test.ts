import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import { describe, expect, test, vi } from 'vitest';
import { registerEngine } from '../../src/cli/engine.js';
import { loadTensorFlow, tensorflowStatus } from '../../src/tensorflow/index.js';

const require = createRequire(import.meta.url);
const [installed] = tensorflowStatus().engines;

/** Whether a package of this checkout brought a native TensorFlow of its own. */
const ownAddon = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'].some((name) => {
  try {
    return existsSync(
      join(dirname(require.resolve(`${name}/package.json`)), 'lib/napi-v8/tfjs_binding.node'),
    );
  } catch {
    return false;
  }
});

if (!installed) console.warn('native TensorFlow is not installed: what needs it is skipped');

test.skipIf(ownAddon)('without an engine the error says what to run', async () => {
  const root = mkdtempSync(join(tmpdir(), 'siamtrack-none-'));
  await expect(loadTensorFlow({ root })).rejects.toMatchObject({
    code: 'TENSORFLOW_MISSING',
    message: expect.stringContaining('siamtrack engine install tensorflow'),
  });
  rmSync(root, { recursive: true });
});

test('an engine that cannot be loaded is told apart from none', async () => {
  const root = mkdtempSync(join(tmpdir(), 'siamtrack-broken-'));
  const folder = join(root, `2.21.0-cpu-${process.platform}-${process.arch}`);
  mkdirSync(folder);
  const record = { format: 1, version: '2.21.0', variant: 'cpu', wheels: [], files: [], node: 'v20.0.0' };
  writeFileSync(join(folder, 'engine.json'), JSON.stringify({ ...record, installedAt: '2026-01-01' }));
  await expect(loadTensorFlow({ root })).rejects.toMatchObject({
    code: 'TENSORFLOW_BROKEN',
    message: expect.stringContaining('--force'),
    cause: expect.anything(),
  });
  rmSync(root, { recursive: true });
});

describe.skipIf(!installed)('the installed engine', () => {
  test('is native, and loaded once', async () => {
    const tf = await loadTensorFlow();
    expect(tf.getBackend()).toBe('tensorflow');
    expect(await loadTensorFlow()).toBe(tf);
  });

  test('convolves, with the gradient of its filter', async () => {
    const tf = await loadTensorFlow();
    tf.tidy(() => {
      const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
      const filter = tf.tensor4d([10], [1, 1, 1, 1]);
      expect(Array.from(tf.conv2d(x, filter, 1, 'same').dataSync())).toEqual([10, 20, 30, 40]);
      const sum = (w: Tensor) => tf.sum(tf.conv2d(x, w as Tensor4D, 1, 'same'));
      // d/dw of the sum of w * x is the sum of x.
      expect(Array.from(tf.grad(sum)(filter).dataSync())).toEqual([10]);
    });
  });

  test('runs a kernel that TensorFlow.js has no function for', async () => {
    const tf = await loadTensorFlow();
    const backend = tf.backend() as unknown as {
      binding: Record<string, number>;
      executeMultipleOutputs(
        name: string,
        attributes: object[],
        inputs: object[],
        outputs: number,
      ): unknown[];
    };
    const { binding } = backend;
    const type = (name: string) => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT });
    tf.tidy(() => {
      const none = tf.tensor1d([]);
      const x = tf.tensor4d([1, 3], [1, 2, 1, 1]);
      const [y, mean] = backend.executeMultipleOutputs(
        'FusedBatchNormV3',
        [
          type('T'),
          type('U'),
          { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: 1e-6 },
          { name: 'exponential_avg_factor', type: binding.TF_ATTR_FLOAT, value: 1 },
          { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
          { name: 'is_training', type: binding.TF_ATTR_BOOL, value: true },
        ],
        [x, tf.tensor1d([1]), tf.tensor1d([0]), none, none],
        6,
      ) as { dataSync(): Float32Array }[];
      expect(mean?.dataSync()[0]).toBeCloseTo(2, 6);
      expect(y?.dataSync()[0]).toBeCloseTo(-1, 5);
      expect(y?.dataSync()[1]).toBeCloseTo(1, 5);
    });
  });

  test('frees what is disposed of', async () => {
    const tf = await loadTensorFlow();
    const before = tf.memory().numTensors;
    for (let k = 0; k < 200; k++) tf.tidy(() => void tf.square(tf.ones([64, 64])).dataSync());
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is listed as the one in use', async () => {
    const program = new Command();
    registerEngine(program);
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await program.parseAsync(['engine', 'list', '--json'], { from: 'user' });
      const { tensorflow } = JSON.parse(written.mock.calls.map(([text]) => text).join(''));
      expect(tensorflow.engines[0]).toMatchObject({ folder: installed?.folder, used: true });
    } finally {
      written.mockRestore();
    }
  });
});
