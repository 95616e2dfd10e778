import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fastest } from '../../src/model/choice/choose.js';
import { loadModel, timeModel } from '../../src/model/index.js';
import { tinyManifest, writeTinyModel } from './tiny-model.js';

describe('the choice of engine', () => {
  let cache: string;
  let folder: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'siamtrack-cache-'));
    vi.stubEnv('SIAMTRACK_CACHE', cache);
    const manifest = tinyManifest();
    folder = writeTinyModel({ ...manifest, files: { ...manifest.files, int8: manifest.files.float32 } });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    for (const path of [cache, folder]) rmSync(path, { recursive: true, force: true });
  });

  const choice = async (options: Parameters<typeof loadModel>[1] = {}) => {
    const model = await loadModel(folder, options);
    await model.dispose();
    return model.choice;
  };
  const remembered = () => readdirSync(join(cache, 'engines')).map((name) => join(cache, 'engines', name));

  it('is timed once, with a table of all candidates, and then stays the same', async () => {
    const first = await choice();
    expect(first.how).toBe('timed');
    expect(first.table.map(({ engine, precision }) => `${engine} ${precision}`)).toEqual([
      'onnx float32',
      'onnx int8',
    ]);
    for (const { alone, batch } of first.table) {
      expect(alone).toBeGreaterThan(0);
      expect(batch).toBeGreaterThan(0);
    }
    for (let k = 0; k < 3; k++) {
      const again = await choice();
      expect(again).toMatchObject({ engine: first.engine, precision: first.precision, how: 'remembered' });
      expect(again.table).toEqual(first.table);
    }
  });

  it('is what was remembered, whatever that is, until something it depends on changes', async () => {
    await choice();
    const [file] = remembered();
    const stored = JSON.parse(readFileSync(file, 'utf8'));
    for (const precision of ['float32', 'int8'] as const) {
      writeFileSync(file, JSON.stringify({ ...stored, precision }));
      expect((await choice()).precision).toBe(precision);
    }
    expect((await choice({ threads: 2 })).how).toBe('timed');
    expect(remembered()).toHaveLength(2);
  });

  it.each([
    ['cut short', '{"format":1,"engi'],
    ['of another format', '{"format":2}'],
    [
      'of an engine that is no candidate',
      '{"format":1,"engine":"onnx-abacus","precision":"int8","table":[]}',
    ],
  ])('is timed again where the answer is %s', async (_name, content) => {
    await choice();
    const [file] = remembered();
    writeFileSync(file, content);
    expect((await choice()).how).toBe('timed');
    expect((await choice()).how).toBe('remembered');
  });

  it('is made anew each time where nothing can be written', async () => {
    vi.stubEnv('SIAMTRACK_CACHE', join(folder, 'model.json'));
    for (let k = 0; k < 2; k++) expect((await choice()).how).toBe('timed');
  });

  it('needs no timing where there is one candidate', async () => {
    expect(await choice({ engine: 'auto', precision: 'float32' })).toMatchObject({ how: 'asked', table: [] });
    expect(() => remembered()).toThrow();
  });

  it('shows an engine that does not work in the table, with the reason', async () => {
    const rows = await timeModel(folder, ['onnx', 'onnx-abacus']);
    expect(rows.map(({ engine, problem }) => [engine, problem !== undefined])).toEqual([
      ['onnx', false],
      ['onnx', false],
      ['onnx-abacus', true],
    ]);
    expect(rows[2].problem).toMatch(/\w/);
  });

  it('is never a GPU that is none, however fast', () => {
    const row = (engine: 'onnx' | 'onnx-webgpu', batch?: number) =>
      ({ engine, precision: 'float32', batch }) as const;
    expect(fastest([row('onnx', 3), { ...row('onnx-webgpu', 1), software: true }])?.engine).toBe('onnx');
    expect(fastest([row('onnx', 3), row('onnx-webgpu', 1)])?.engine).toBe('onnx-webgpu');
    expect(fastest([{ ...row('onnx-webgpu', 1), software: true }, row('onnx')])).toBeUndefined();
  });
});
