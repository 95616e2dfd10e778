import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/index.js';
import { cutCrop, type PictureCrop } from '../../src/model/cutout.js';
import { cropLayout, parseManifest } from '../../src/model/index.js';
import { OrtEngine } from '../../src/model/ort-engine.js';
import { noisePicture } from './pictures.js';
import { tinyManifest, writeTinyModel } from './tiny-model.js';

const folder = join(packageRoot(), 'models', 'siamtrack-s');
const manifest = parseManifest(JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')));
const options = { executionProvider: 'cpu', threads: 1, precision: 'float32' } as const;

describe.each([false, true])(
  'an engine that cuts its crops itself, a session for each shape: %s',
  (plans) => {
    let engine: OrtEngine;
    beforeAll(async () => {
      const { encoder, head } = manifest.files.float32;
      const paths = { encoder: join(folder, encoder.path), head: join(folder, head?.path as string) };
      engine = await OrtEngine.create(manifest, paths, { ...options, cuts: true, plans });
    });
    afterAll(() => engine.dispose());

    /** Of pictures of several sizes; some crops reach beyond them. */
    const crops = [0, 1, 2].map((k): PictureCrop => {
      const picture = noisePicture(320 + 101 * k, 240 - 31 * k, k + 1, 'limited');
      return {
        picture,
        cx: 60 + 90 * k,
        cy: 40 + 70 * k,
        side: 90 + 130 * k,
        mean: [90, 100, 110],
        layout: cropLayout(manifest),
      };
    });
    const cutHere = (size: number) => {
      const out = new Float32Array(crops.length * 3 * size * size);
      for (const [k, crop] of crops.entries()) cutCrop(crop, size, out, k * 3 * size * size);
      return out;
    };
    const apart = (a: Float32Array, b: Float32Array) =>
      a.reduce((most, x, k) => Math.max(most, Math.abs(x - b[k])), Math.abs(a.length - b.length));

    it('gives the embeddings of the crops that the processor cuts', async () => {
      for (const size of [127, 255]) {
        const expected = await engine.encode(cutHere(size), crops.length, size);
        const got = await engine.cut?.(crops, size);
        expect(got?.embeddings).toMatchObject({
          count: crops.length,
          channels: expected.embeddings.channels,
        });
        expect(apart(got?.embeddings.data as Float32Array, expected.embeddings.data)).toBeLessThan(1e-3);
      }
    });

    it("gives the head's answers, too", async () => {
      const { embeddings } = await engine.encode(cutHere(127), crops.length, 127);
      const length = embeddings.data.length / crops.length;
      const templates = crops.map((_, k) => ({
        ...embeddings,
        data: embeddings.data.slice(k * length, (k + 1) * length),
      }));
      const expected = await engine.respond(cutHere(255), crops.length, 255, templates);
      const got = await engine.cut?.(crops, 255, templates);
      expect(apart(got?.maps?.score as Float32Array, expected.maps.score)).toBeLessThan(5e-3);
      expect(apart(got?.maps?.box as Float32Array, expected.maps.box)).toBeLessThan(5e-2);
    });
  },
);

describe('an engine on the processor', () => {
  it('leaves the cutting to others, as does one of a graph that others wrote', async () => {
    const tiny = writeTinyModel();
    const own = parseManifest(tinyManifest());
    const paths = { encoder: join(tiny, 'encoder.onnx'), head: join(tiny, 'head.onnx') };
    for (const cuts of [undefined, true]) {
      const engine = await OrtEngine.create(own, paths, { ...options, cuts });
      expect(engine.cut).toBeUndefined();
      await engine.dispose();
    }
  });
});
