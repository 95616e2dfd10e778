import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installTensorFlow, tensorflowStatus } from '../../src/tensorflow/index.js';

const platform = `${process.platform}-${process.arch}`;
const canBuild = platform === 'linux-x64' && ['python3', 'make', 'g++'].every(runs);

function runs(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

let root: string;
let from: string;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-engine-'));
  root = join(folder, 'engines');
  from = join(folder, 'from');
  mkdirSync(from);
});

afterEach(() => rmSync(dirname(root), { recursive: true, force: true }));

function put(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** An engine as an installation leaves it, with a short text for a library. */
function fakeEngine(version: string, installedAt: string): { folder: string; library: string } {
  const folder = join(root, `${version}-cpu-${platform}`);
  const text = `library ${version}`;
  put(folder, 'lib.so', text);
  const sha256 = createHash('sha256').update(text).digest('hex');
  const files = [{ path: 'lib.so', bytes: text.length, sha256 }];
  const record = { format: 1, version, variant: 'cpu', wheels: [], files, node: 'v20.0.0', installedAt };
  put(folder, 'engine.json', JSON.stringify(record));
  return { folder, library: join(folder, 'lib.so') };
}

/** A wheel whose RECORD says of its one library what it is told to say. */
function fakeWheel(name: string, library: string, recorded: string): void {
  const content = join(dirname(from), 'content');
  put(content, 'tensorflow/libtensorflow_cc.so.2', library);
  put(content, 'tensorflow_cpu.dist-info/RECORD', `tensorflow/libtensorflow_cc.so.2,${recorded},7\n`);
  execFileSync(
    'python3',
    ['-m', 'zipfile', '-c', join(from, name), 'tensorflow', 'tensorflow_cpu.dist-info'],
    {
      cwd: content,
    },
  );
}

const recordDigest = (text: string) => `sha256=${createHash('sha256').update(text).digest('base64url')}`;

describe('an engine that is installed already', () => {
  test('is kept as it is', async () => {
    const { folder } = fakeEngine('2.21.0', '2026-01-01T00:00:00.000Z');
    const before = readFileSync(join(folder, 'engine.json'), 'utf8');
    const result = await installTensorFlow({ root });
    expect(result).toMatchObject({ folder, alreadyInstalled: true });
    expect(readFileSync(join(folder, 'engine.json'), 'utf8')).toBe(before);
    expect(readdirSync(root)).toEqual([`2.21.0-cpu-${platform}`]);
  });

  test('becomes the one in use when it is asked for again', async () => {
    fakeEngine('2.18.1', '2026-01-01T00:00:00.000Z');
    fakeEngine('2.21.0', '2026-01-02T00:00:00.000Z');
    expect(tensorflowStatus(root).engines.map(({ version, used }) => [version, used])).toEqual([
      ['2.21.0', true],
      ['2.18.1', false],
    ]);
    await installTensorFlow({ root, version: '2.18.1' });
    expect(tensorflowStatus(root).engines.map(({ version }) => version)).toEqual(['2.18.1', '2.21.0']);
  });

  test.skipIf(!canBuild)('is not taken for whole when a byte of it changed', async () => {
    const { library } = fakeEngine('2.21.0', '2026-01-01T00:00:00.000Z');
    writeFileSync(library, 'Library 2.21.0');
    // It goes looking for a library, finds none here, and leaves what there is.
    await expect(installTensorFlow({ root, version: '2.21.0', from })).rejects.toMatchObject({
      code: 'ENGINE_FILES',
    });
    expect(readdirSync(root)).toEqual([`2.21.0-cpu-${platform}`]);
  });
});

describe.skipIf(!canBuild)(
  'a folder with something else in it is refused, and nothing is left behind',
  () => {
    const refuses = async (code: string, version?: string) => {
      await expect(installTensorFlow({ root, from, version })).rejects.toMatchObject({ code });
      expect(readdirSync(root)).toEqual([]);
    };

    test('a wheel that is not the one published under its name', async () => {
      writeFileSync(join(from, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'), 'not it');
      await refuses('ENGINE_CHECKSUM');
    });

    test('a wheel with a library that its RECORD does not know', async () => {
      fakeWheel(
        'tensorflow_cpu-2.19.0-cp311-cp311-manylinux_2_17_x86_64.whl',
        'library',
        recordDigest('other'),
      );
      await refuses('ENGINE_CHECKSUM');
    });

    test('a wheel cut short', async () => {
      const name = 'tensorflow_cpu-2.19.0-cp311-cp311-manylinux_2_17_x86_64.whl';
      fakeWheel(name, 'library', recordDigest('library'));
      writeFileSync(join(from, name), readFileSync(join(from, name)).subarray(0, 100));
      await refuses('ENGINE_CHECKSUM');
    });

    test('a wheel with half a library', async () => {
      fakeWheel(
        'tensorflow_cpu-2.19.0-cp311-cp311-manylinux_2_17_x86_64.whl',
        'library',
        recordDigest('library'),
      );
      await refuses('ENGINE_FILES');
    });

    test('an unpacked library that differs from the RECORD beside it', async () => {
      put(from, 'tensorflow/libtensorflow_cc.so.2', 'library');
      put(from, 'tensorflow/libtensorflow_framework.so.2', 'framework');
      put(
        from,
        'tensorflow_cpu-2.21.0.dist-info/RECORD',
        `tensorflow/libtensorflow_cc.so.2,${recordDigest('other')},7\n`,
      );
      await refuses('ENGINE_CHECKSUM');
    });

    test('a wheel of another version than the one asked for', async () => {
      fakeWheel(
        'tensorflow_cpu-2.19.0-cp311-cp311-manylinux_2_17_x86_64.whl',
        'library',
        recordDigest('library'),
      );
      await refuses('ENGINE_FILES', '2.20.0');
    });
  },
);

test.each([
  ['a version that is none', { version: 'latest' }, 'version'],
  ['a folder that is not there', { from: '/nowhere/at/all' }, 'from'],
])('%s is an argument error', async (_what, options, name) => {
  await expect(installTensorFlow({ root, ...options })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(new RegExp(`^${name}: expected`)),
  });
});

test('missing programs are all named at once, with what to run', async () => {
  const { PATH } = process.env;
  process.env.PATH = from;
  try {
    await expect(installTensorFlow({ root })).rejects.toMatchObject({
      code: 'ENGINE_TOOL_MISSING',
      message: expect.stringMatching(/python3.*make.*compiler.*apt-get install/s),
    });
  } finally {
    process.env.PATH = PATH;
  }
});

describe('the status', () => {
  test('of nothing says what to run', () => {
    expect(tensorflowStatus(root)).toEqual({
      folder: root,
      engines: [],
      advice: 'siamtrack engine install tensorflow',
    });
  });

  test('names a file that was cut short and how to repair it', () => {
    const { library } = fakeEngine('2.18.1', '2026-01-01T00:00:00.000Z');
    writeFileSync(library, 'lib');
    const { engines, advice } = tensorflowStatus(root);
    expect(engines[0]?.problem).toMatch(/lib\.so/);
    expect(advice).toBe('siamtrack engine install tensorflow --version 2.18.1 --force');
  });

  test('passes over an engine whose record cannot be read', () => {
    const { folder } = fakeEngine('2.21.0', '2026-01-01T00:00:00.000Z');
    writeFileSync(join(folder, 'engine.json'), '{"format": 1,');
    expect(tensorflowStatus(root).engines).toEqual([]);
  });
});
