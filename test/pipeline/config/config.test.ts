import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/common/index.js';
import {
  Config,
  configSchema,
  parseConfig,
  readConfig,
  watchFile,
} from '../../../src/pipeline/config/index.js';
import { DEFAULT_LIMITS } from '../../../src/stream/server/index.js';

const SHIPPED = join(packageRoot(), 'siamtrack.yaml');
const text = readFileSync(SHIPPED, 'utf8');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly description?: string;
}

/** Every key of a schema, with its path. */
function keys(schema: Schema, path = ''): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    `${path}${key}`,
    ...keys(value, `${path}${key}.`),
  ]);
  return [...own, ...(schema.items ? keys(schema.items, path) : [])];
}

describe('siamtrack.yaml as it is shipped', () => {
  it('says what holds without it', async () => {
    expect(await readConfig(SHIPPED)).toEqual(Config.parse({}));
  });

  it('has every key of the schema, set or in its comments, and no line without a comment above its group', () => {
    for (const path of keys(configSchema() as Schema)) {
      const key = path.split('.').at(-1);
      expect(text, path).toMatch(new RegExp(`^[ #-]*${key}:`, 'm'));
    }
  });

  it('shows a stream that would be read as it is', () => {
    const lines = text.split('\n');
    const first = lines.findIndex((line) => line.startsWith('#   - name:'));
    const example = lines.slice(first, lines.indexOf('streams: []')).map((line) => line.slice(1));
    const { streams } = parseConfig(`streams:\n${example.join('\n')}`);
    expect(streams[0]).toMatchObject({
      name: 'door',
      reconnect: { attempts: 10 },
      tracking: { memory: true, extent: true, searchBudget: 4 },
      targets: [{ id: 'car', units: 'normalised' }],
    });
  });

  it('has the limits that a server has of itself', () => {
    expect(Config.parse({}).limits).toEqual(DEFAULT_LIMITS);
  });
});

describe('a configuration that cannot be used', () => {
  it.each([
    ['a key that is misspelt', 'server: { prot: 1 }', /prot/],
    ['a value of another kind', 'server: { port: many }', /port/],
    ['two streams of a name', 'streams: [{name: a, source: x}, {name: a, source: y}]', /different/],
    ['a short token', 'server: { tokens: { watch: [abc] } }', /8 characters/],
    ['no YAML', 'server: [', /YAML/],
    [
      'more references than text',
      `a: &a [1,1]\n${[...'bcdefghijklm'].map((c, k) => `${c}: &${c} [*${'abcdefghijklm'[k]},*${'abcdefghijklm'[k]}]`).join('\n')}`,
      /./,
    ],
  ])('%s: the error names it', (_, yaml, message) => {
    expect(() => parseConfig(yaml, 'my.yaml')).toThrow(message);
  });

  it('is named when it cannot be read', async () => {
    await expect(readConfig('/nowhere/siamtrack.yaml')).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});

describe('watchFile', () => {
  it('tells of a file that was written again, and of one that another was put in place of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'siamtrack-config-'));
    const path = join(folder, 'siamtrack.yaml');
    writeFileSync(path, '');
    let changes = 0;
    const stop = watchFile(path, () => changes++);
    writeFileSync(path, 'log: {}');
    await expect.poll(() => changes, { timeout: 10_000 }).toBe(1);
    writeFileSync(`${path}.new`, '');
    await rename(`${path}.new`, path);
    await expect.poll(() => changes, { timeout: 10_000 }).toBe(2);
    stop();
    await rm(folder, { recursive: true });
  });
});
