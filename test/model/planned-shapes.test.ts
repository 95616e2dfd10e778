import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEngine } from '../../src/model/create-engine.js';
import type { Embedding } from '../../src/model/engine.js';
import { type ModelManifest, parseManifest } from '../../src/model/index.js';
import { OrtEngine } from '../../src/model/ort-engine.js';
import { OrtGraph } from '../../src/model/ort-graph.js';
import { paddedBatch } from '../../src/model/padded-batch.js';
import { SharedEncoder } from '../../src/model/shared-encoder.js';
import { refuseTf32 } from '../../src/model/tf32.js';
import { WorkerEngine } from '../../src/model/worker-engine.js';
import { tinyManifest, writeTinyModel } from './tiny-model.js';

const LENGTH = { 127: 3 * 127 ** 2, 255: 3 * 255 ** 2 };

/** `count` crops, in a buffer with room for `room` that holds no number after them. */
function crops(size: 127 | 255, count: number, room = count): Float32Array {
  const buffer = new Float32Array(room * LENGTH[size]).fill(Number.NaN);
  for (let k = 0; k < count * LENGTH[size]; k++) buffer[k] = (k * 31 + (k >> 9)) % 256;
  return buffer;
}

describe('a padded batch', () => {
  it('is a power of two, or the largest there is, and never smaller than the batch', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), (a, b) => {
        const [count, largest] = [Math.min(a, b), Math.max(a, b)];
        const room = paddedBatch(count, largest);
        expect(room).toBeGreaterThanOrEqual(count);
        expect(room).toBeLessThanOrEqual(Math.min(largest, 2 * count));
        expect(Number.isInteger(Math.log2(room)) || room === largest).toBe(true);
      }),
    );
  });

  it('of more than the largest is left as it is', () => {
    expect(paddedBatch(64, 16)).toBe(64);
  });
});

describe.each([8, 6])('where shapes are planned for, in batches of up to %i', (largestBatch) => {
  let folder: string;
  let manifest: ModelManifest;
  let plain: OrtEngine;
  let planned: OrtEngine;
  const shapes = vi.spyOn(OrtGraph.prototype, 'sessionFor');
  const load = (plans: boolean) => {
    const paths = { encoder: join(folder, 'encoder.onnx'), head: join(folder, 'head.onnx') };
    const options = { executionProvider: 'cpu', threads: 1, precision: 'float32', plans } as const;
    return OrtEngine.create(manifest, paths, options);
  };
  beforeEach(async () => {
    folder = writeTinyModel({ ...tinyManifest(), largestBatch });
    manifest = parseManifest(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
    [plain, planned] = [await load(false), await load(true)];
    shapes.mockClear();
  });
  afterEach(async () => {
    await Promise.all([plain.dispose(), planned.dispose()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('crops have the numbers that they have elsewhere', async () => {
    const templates: Embedding[] = [];
    for (let count = 1; count <= largestBatch; count++) {
      // With room for the padding, and without.
      for (const room of [count, 16]) {
        const got = await planned.encode(crops(127, count, room), count, 127);
        const expected = await plain.encode(crops(127, count), count, 127);
        expect(got.embeddings).toEqual(expected.embeddings);
        expect(got.crops.length).toBe(room * LENGTH[127]);
      }
      const one = (await plain.encode(crops(127, count).slice(-LENGTH[127]), 1, 127)).embeddings;
      templates.push(one);
      const got = await planned.respond(crops(255, count, 16), count, 255, templates);
      const expected = await plain.respond(crops(255, count), count, 255, templates);
      expect(got.embeddings).toEqual(expected.embeddings);
      for (const name of ['score', 'box'] as const) {
        expect(got.maps[name].length).toBe(expected.maps[name].length);
        for (const [k, value] of got.maps[name].entries())
          expect(value).toBeCloseTo(expected.maps[name][k], 5);
      }
    }
  });

  it('they are few, each with a session of its own that is made once', async () => {
    const create = vi.spyOn(InferenceSession, 'create');
    const encoder = new SharedEncoder([planned], 255, largestBatch, { latencyMs: 1e6 });
    const template = await encoder.embed(127, crop(127));
    for (const _ of [1, 2])
      for (let count = 1; count <= largestBatch; count++) {
        await Promise.all(Array.from({ length: count }, () => encoder.respond(template, crop(255))));
        await encoder.embed(127, crop(127));
      }
    const batches = [1, 2, 4, largestBatch];
    const asked = new Set(shapes.mock.calls.map(([shape]) => shape));
    const heads = batches.map((n) => `${n}x16`);
    expect([...asked].sort()).toEqual(['1x127', ...batches.map((n) => `${n}x255`), ...heads].sort());
    // Two more were made with the engine.
    expect(create).toHaveBeenCalledTimes(asked.size - 2);
    expect(encoder.stats.largestBatch).toBe(largestBatch);
    create.mockRestore();
  });

  it('a call that the network refuses leaves the next one alone', async () => {
    const wrong = { data: new Float32Array(12), channels: 3, side: 2 };
    await expect(planned.respond(crops(255, 1), 1, 255, [wrong])).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
    });
    const { embeddings } = await planned.encode(crops(127, 1), 1, 127);
    await planned.respond(crops(255, 1), 1, 255, [embeddings]);
    await expect(planned.respond(crops(255, 1), 1, 255, [wrong])).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
    });
    await planned.respond(crops(255, 1), 1, 255, [embeddings]);
  });

  it('the files are read once', async () => {
    rmSync(folder, { recursive: true });
    for (const count of [1, 2, 4]) await planned.encode(crops(127, count), count, 127);
  });
});

function crop(size: 127 | 255) {
  return (out: Float32Array, offset: number) => out.set(crops(size, 1), offset);
}

describe('TF32', () => {
  const before = process.env.NVIDIA_TF32_OVERRIDE;
  afterEach(() => {
    if (before === undefined) delete process.env.NVIDIA_TF32_OVERRIDE;
    else process.env.NVIDIA_TF32_OVERRIDE = before;
  });

  it.each(['onnx-cuda', 'onnx-tensorrt'] as const)('is refused for %s, unless it is set', (engine) => {
    const env = {};
    refuseTf32(engine, env);
    expect(env).toEqual({ NVIDIA_TF32_OVERRIDE: '0' });
    const set = { NVIDIA_TF32_OVERRIDE: '1' };
    refuseTf32(engine, set);
    expect(set).toEqual({ NVIDIA_TF32_OVERRIDE: '1' });
  });

  it.each(['onnx', 'onnx-webgpu', 'tensorflow'] as const)('is no business of %s', (engine) => {
    const env = {};
    refuseTf32(engine, env);
    expect(env).toEqual({});
  });

  it('is refused before the engine is made, in its thread or in the calling one', async () => {
    const folder = writeTinyModel();
    const manifest = parseManifest(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
    // Nothing to load: no provider gets as far as its libraries.
    const paths = { encoder: join(folder, 'none.onnx'), head: undefined };
    const setup = { engine: 'onnx-cuda', manifest, paths, precision: 'float32', threads: 1 } as const;
    for (const make of [createEngine, WorkerEngine.create]) {
      delete process.env.NVIDIA_TF32_OVERRIDE;
      await expect(make(setup)).rejects.toThrow();
      expect(process.env.NVIDIA_TF32_OVERRIDE).toBe('0');
    }
    rmSync(folder, { recursive: true });
  });
});
