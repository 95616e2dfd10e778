import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PictureCrop } from '../../../src/model/cutout.js';
import {
  cropLayout,
  type EngineEvent,
  installedEngines,
  loadModel,
  type Model,
} from '../../../src/model/index.js';
import { tensorflowStatus } from '../../../src/tensorflow/index.js';
import { noisePicture } from '../pictures.js';
import { tinyManifest, withOtherSearches, writeTinyModel } from '../tiny-model.js';

/** Largest difference from ONNX Runtime on the processor, as a share of the largest number there is. */
const TOLERANCE = 1e-4;

/** Engines that can run here. A GPU's are tried where there is one, by SIAMTRACK_TEST_ENGINES=onnx-cuda,... */
const asked = process.env.SIAMTRACK_TEST_ENGINES?.split(',') ?? [];
const engines = installedEngines().filter(
  (engine) => ['onnx', 'tensorflow'].includes(engine) || asked.includes(engine),
);
if (tensorflowStatus().engines.length === 0) console.info('skipped: native TensorFlow is not installed');

/** As large as the numbers of a crop are: -2 to 2. */
const noise = (seed: number, size: number) => (out: Float32Array, offset: number) => {
  for (let k = 0; k < 3 * size * size; k++) out[offset + k] = (((k * 31 + seed * 97) % 256) - 128) / 64;
};

function expectSame(got: Float32Array, expected: Float32Array): void {
  expect(got.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const apart = got.reduce((most, value, k) => Math.max(most, Math.abs(value - expected[k])), 0);
  expect(largest).toBeGreaterThan(0);
  expect(apart / largest).toBeLessThan(TOLERANCE);
}

describe.each([
  { name: 'the smallest model', load: () => writeTinyModel(withOtherSearches(tinyManifest())) },
  { name: 'the default model', load: () => undefined },
])('$name', ({ load }) => {
  let folder: string | undefined;
  let reference: Model;
  beforeAll(async () => {
    folder = load();
    reference = await loadModel(folder, { precision: 'float32' });
  });
  afterAll(async () => {
    await reference.dispose();
    if (folder) rmSync(folder, { recursive: true });
  });

  describe.each([
    ...engines.map((engine) => ({ engine, threads: 1 })),
    { engine: 'onnx', threads: 2 } as const,
  ])('on $engine with $threads threads', ({ engine, threads }) => {
    let model: Model;
    const events: EngineEvent[] = [];
    beforeAll(async () => {
      const onEvent = (event: EngineEvent) => events.push(event);
      model = await loadModel(folder, { engine, precision: 'float32', threads, onEvent });
    }, 60_000);
    afterAll(() => model.dispose());

    it('says what it is', () => {
      const runtime = engine === 'tensorflow' ? /^tensorflow \d/ : /^onnxruntime \d/;
      expect(model.encoder.engines[0]).toMatchObject({ runtime, precision: 'float32' });
      expect(model.choice).toMatchObject({ engine, how: 'asked' });
    });

    it('gives a crop the embedding that it has everywhere, alone and in a batch', async () => {
      for (const count of [1, 5]) {
        const seeds = Array.from({ length: count }, (_, k) => k);
        const embed = (of: Model) => Promise.all(seeds.map((k) => of.encoder.embed(127, noise(k, 127))));
        const [got, expected] = [await embed(model), await embed(reference)];
        for (const [k, { data, channels, side }] of got.entries()) {
          expect([channels, side]).toEqual([expected[k].channels, expected[k].side]);
          expectSame(data, expected[k].data);
        }
      }
    });

    it('gives a search region the maps that it has everywhere, each by its own template', async () => {
      const templates = await Promise.all([1, 2, 3].map((k) => reference.encoder.embed(127, noise(k, 127))));
      const respond = (of: Model) =>
        Promise.all(templates.map((template, k) => of.encoder.respond(template, noise(k + 5, 255))));
      const [got, expected] = [await respond(model), await respond(reference)];
      for (const [k, { score, box }] of got.entries()) {
        expectSame(score, expected[k].score);
        expectSame(box, expected[k].box);
      }
    });

    it('does so for search crops of every side that the model takes', async () => {
      const { head } = reference.manifest;
      const others = (head.kind === 'box' && head.otherSearches) || [];
      expect(others.length).toBeGreaterThan(0);
      const template = await reference.encoder.embed(127, noise(1, 127));
      for (const { side, grid } of others) {
        const respond = (of: Model) => of.encoder.respond(template, noise(5, side), side);
        const [got, expected] = [await respond(model), await respond(reference)];
        expect(got.score).toHaveLength(grid.size ** 2);
        expectSame(got.score, expected.score);
        expectSame(got.box, expected.box);
      }
    });

    it('gives the same whoever cuts the crops: the processor, or the device in its turns', async () => {
      const picture = noisePicture(320, 240, 7, 'limited');
      const layout = cropLayout(reference.manifest);
      const crops = [0, 1].map((k): PictureCrop => {
        const at = { cx: 100 + 150 * k, cy: 90 + 100 * k, side: 120 + 90 * k };
        return { picture, ...at, mean: [90, 100, 110], layout };
      });
      const embed = (of: Model) => Promise.all(crops.map((crop) => of.encoder.embed(127, crop)));
      const expected = await embed(reference);
      for (let turn = 0; turn < 4; turn++)
        for (const [k, { data }] of (await embed(model)).entries()) expectSame(data, expected[k].data);
    }, 60_000);

    it('has done all that itself', () => {
      expect(events).toEqual([]);
    });

    it('refuses a template of another shape, and goes on', async () => {
      const wrong = { data: new Float32Array(12), channels: 3, side: 2 };
      await expect(model.encoder.respond(wrong, noise(1, 255))).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
      });
      expect((await model.encoder.embed(127, noise(1, 127))).side).toBeGreaterThan(0);
    });
  });
});
