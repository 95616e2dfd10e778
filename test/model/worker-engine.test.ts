import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';
import type { EngineSetup } from '../../src/model/engine-setup.js';
import { cropLayout, loadModel, type Model } from '../../src/model/index.js';
import { WorkerEngine } from '../../src/model/worker-engine.js';
import { writeTinyModel } from './tiny-model.js';

const noise = (seed: number, size: number) => (out: Float32Array, offset: number) => {
  for (let k = 0; k < 3 * size * size; k++) out[offset + k] = (k * 31 + seed * 97) % 256;
};

describe('several threads', () => {
  let folder: string;
  let one: Model;
  let two: Model;
  beforeAll(async () => {
    folder = writeTinyModel();
    [one, two] = await Promise.all([loadModel(folder), loadModel(folder, { threads: 2 })]);
  });
  afterAll(async () => {
    await Promise.all([one.dispose(), two.dispose()]);
    rmSync(folder, { recursive: true });
  });

  const setup = (): EngineSetup => ({
    engine: 'onnx',
    manifest: one.manifest,
    paths: { encoder: join(folder, 'encoder.onnx'), head: join(folder, 'head.onnx') },
    threads: 1,
    precision: 'float32',
  });

  it('are one engine each', () => {
    expect(two.encoder.engines).toEqual([one.encoder.engines[0], one.encoder.engines[0]]);
  });

  it('give the answers of one', async () => {
    const answers = async ({ encoder }: Model) => {
      const templates = await Promise.all([1, 2, 3].map((k) => encoder.embed(127, noise(k, 127))));
      const maps = await Promise.all(templates.map((t, k) => encoder.respond(t, noise(k + 5, 255))));
      return [templates.map((t) => [...t.data, t.channels, t.side]), maps.map((m) => [...m.score, ...m.box])];
    };
    const expected = (await answers(one)).flat(2);
    const got = (await answers(two)).flat(2);
    expect(got.length).toBe(expected.length);
    for (const [k, value] of got.entries()) expect(Math.abs(value - expected[k])).toBeLessThan(1e-5);
  });

  it('cut the crops of pictures themselves, to the same answers', async () => {
    const { manifest } = one;
    const layout = cropLayout(manifest);
    const plane = (length: number) => Uint8Array.from({ length }, (_, k) => (k * 37) & 255);
    const planes = { y: plane(320 * 240), u: plane(160 * 120), v: plane(160 * 120) };
    const picture = { width: 320, height: 240, ...planes, range: 'limited', matrix: 'bt601' } as const;
    // The last two: more of the picture than the crop is large, and one that cannot be cut.
    const crops = [90.3, 160, 239.9, 2000, Number.NaN].map((side, k) => {
      return { picture, cx: 40 * k, cy: 120.5, side, mean: [1, 2, 3], layout } as const;
    });
    const answers = async ({ encoder }: Model) => {
      const template = await encoder.embed(127, crops[0]);
      const maps = await Promise.allSettled(crops.map((crop) => encoder.respond(template, crop)));
      return [
        [...template.data],
        ...maps.map((m) => (m.status === 'fulfilled' ? [...m.value.score, ...m.value.box] : [])),
      ];
    };
    const expected = await answers(one);
    const got = await answers(two);
    expect(got.map((values) => values.length)).toEqual(expected.map((values) => values.length));
    expect(got.at(-1)).toEqual([]);
    for (const [k, values] of got.entries())
      for (const [i, value] of values.entries()) expect(Math.abs(value - expected[k][i])).toBeLessThan(1e-4);
  });

  it('reject a call that the network refuses, and take the next one', async () => {
    const wrong = { data: new Float32Array(12), channels: 3, side: 2 };
    // Twice at once: in the calling thread and in the other one.
    const calls = [1, 2].map((seed) => two.encoder.respond(wrong, noise(seed, 255)));
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: 'ENGINE_FAILED' })));
    expect((await two.encoder.embed(127, noise(1, 127))).side).toBe(8);
  });

  it('reject what is under way when they are disposed', async () => {
    const model = await loadModel(folder, { threads: 2 });
    const cut = model.encoder.embed(255, noise(1, 255));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.all([expect(cut).rejects.toMatchObject({ code: 'MODEL_DISPOSED' }), model.dispose()]);
  });

  it('that die take their call with them, and are started again for the next', async () => {
    const file = join(folder, 'dies-on-second-call.mjs');
    const real = pathToFileURL(join(packageRoot(), 'dist/model/engine-worker.js'));
    writeFileSync(
      file,
      `import { parentPort } from 'node:worker_threads';
      import '${real}';
      let n = 0;
      parentPort.on('message', () => { if (++n === 3) process.exit(3); });`,
    );
    const engine = await WorkerEngine.create(setup(), {}, pathToFileURL(file));
    const crop = () => new Float32Array(3 * 127 * 127);
    await engine.encode(crop(), 1, 127);
    await expect(engine.encode(crop(), 1, 127)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: /exited with code 3/,
    });
    expect((await engine.encode(crop(), 1, 127)).embeddings.side).toBe(8);
    await engine.dispose();
    await expect(engine.encode(crop(), 1, 127)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('that cannot load the network fail to start', async () => {
    const paths = { encoder: join(folder, 'model.json'), head: undefined };
    await expect(WorkerEngine.create({ ...setup(), paths })).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
    });
  });
});
