import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadModel, type Model, parseManifest } from '../../src/model/index.js';
import { publishedModel } from '../published/index.js';
import { tinyManifest, tinySiamfcManifest, withOtherSearches, writeTinyModel } from './tiny-model.js';

const folders: string[] = [];
const models: Model[] = [];

function folder(manifest?: object): string {
  const made = writeTinyModel(manifest);
  folders.push(made);
  return made;
}

async function load(...parameters: Parameters<typeof loadModel>): Promise<Model> {
  const model = await loadModel(...parameters);
  models.push(model);
  return model;
}

afterEach(async () => {
  for (const model of models.splice(0)) await model.dispose();
  for (const made of folders.splice(0)) rmSync(made, { recursive: true });
});

describe('manifest', () => {
  it('is accepted with the defaults filled in', () => {
    expect(parseManifest(tinyManifest()).tracker.states).toEqual({ tracking: 0.5, lost: 0.2 });
    expect(parseManifest(tinySiamfcManifest()).head).toMatchObject({ scales: 3, scalePenalty: 0.9745 });
  });

  it.each<[string, object, RegExp]>([
    ['a missing field', { name: undefined }, /name/],
    ['an unknown field', { colour: 'blue' }, /colour/],
    ['another format', { format: 2 }, /format/],
    ['a batch of none', { largestBatch: 0 }, /largestBatch/],
    [
      'two search crops of one side',
      withOtherSearches(tinyManifest(), [12, 16]),
      /head\.otherSearches: expected sides that differ.*got 255, 191, 255/,
    ],
    ['a file outside of the folder', files('../encoder.onnx'), /files\.float32\.encoder\.path.*inside/],
    ['an absolute file', files('/encoder.onnx'), /inside/],
    [
      'a box head without a file',
      { files: { float32: { encoder: file('a') } } },
      /files\.float32\.head.*expected a file/,
    ],
    [
      'thresholds in the wrong order',
      { tracker: { windowInfluence: 0, states: { tracking: 0.1, lost: 0.2 } } },
      /lost <= tracking/,
    ],
  ])('with %s is refused by name', (_, change, message) => {
    const parse = () => parseManifest({ ...tinyManifest(), ...change }, 'here.json');
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^here\.json: /);
    expect(parse).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });

  function file(path: string): object {
    return { path, sha256: '0'.repeat(64) };
  }

  function files(path: string): object {
    return { files: { float32: { encoder: file(path), head: file('head.onnx') } } };
  }
});

describe('loadModel', () => {
  it('loads a folder, or the manifest in it', async () => {
    const path = folder();
    expect((await load(path)).manifest.name).toBe('tiny');
    const { encoder } = await load(join(path, 'model.json'));
    expect(encoder.engines).toEqual([
      { runtime: expect.stringMatching(/^onnxruntime \d/), device: 'cpu', threads: 1, precision: 'float32' },
    ]);
  });

  it('takes weights from another folder, or single files from elsewhere, when told', async () => {
    const weights = folder();
    const lone = mkdtempSync(join(tmpdir(), 'siamtrack-lone-'));
    folders.push(lone);
    writeFileSync(join(lone, 'model.json'), JSON.stringify(tinyManifest()));
    await expect(load(lone)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await load(lone, { weights });
    const files = { 'encoder.onnx': join(weights, 'encoder.onnx'), 'head.onnx': join(weights, 'head.onnx') };
    await load(lone, { files });
  });

  it('refuses a file whose checksum differs', async () => {
    const path = folder();
    appendFileSync(join(path, 'head.onnx'), ' ');
    await expect(load(path)).rejects.toMatchObject({
      code: 'MODEL_CHECKSUM',
      message: /head\.onnx: expected sha256/,
    });
  });

  it('refuses what is no model, saying what there is', async () => {
    await expect(load('no-such-model')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: /no-such-model/,
    });
    const path = folder();
    writeFileSync(join(path, 'model.json'), '{');
    await expect(load(path)).rejects.toMatchObject({ code: 'MODEL_INVALID', message: /readable JSON/ });
  });

  it('refuses options that cannot be', async () => {
    const path = folder();
    await expect(load(path, { threads: 0 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(load(path, { precision: 'int8' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: /float32/,
    });
    for (const options of [{ executionProvider: 'abacus' }, { engine: 'onnx-abacus' } as const])
      await expect(load(path, options)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    for (const options of [{ engine: 'gpu' as 'onnx' }, { latencyMs: 0 }])
      await expect(load(path, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('times both precisions where a model has both, and runs either when told', async () => {
    const manifest = tinyManifest();
    const path = folder({ ...manifest, files: { ...manifest.files, int8: manifest.files.float32 } });
    expect(['float32', 'int8']).toContain((await load(path)).precision);
    expect((await load(path, { precision: 'int8' })).encoder.engines[0].precision).toBe('int8');
  });

  it('refuses work once disposed', async () => {
    const model = await loadModel(folder());
    await model.dispose();
    await expect(model.encoder.embed(127, () => {})).rejects.toMatchObject({ code: 'MODEL_DISPOSED' });
  });
});

describe.each(['nanotrack-v2', 'nanotrack-v3'])('published %s', (name) => {
  const published = publishedModel(name);
  it.skipIf(!published)('runs by its manifest alone', async () => {
    const model = await load(published?.manifest as string, { weights: published?.weights });
    const template = await model.encoder.embed(127, (out, offset) =>
      out.fill(90, offset, offset + 3 * 127 ** 2),
    );
    expect(template).toMatchObject({ side: 8 });
    const [a, b] = await Promise.all(
      [100, 100].map((v) => model.encoder.respond(template, (out, at) => out.fill(v, at, at + 3 * 255 ** 2))),
    );
    const { grid } = model.manifest.head as { grid: { size: number } };
    expect(a.box.length).toBe(4 * grid.size ** 2);
    expect(a.score).toEqual(b.score);
  });
});
