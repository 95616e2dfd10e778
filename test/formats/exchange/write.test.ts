import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  formatOfName,
  readResults,
  resultFileName,
  writeResults,
} from '../../../src/formats/exchange/index.js';
import { Spool } from '../../../src/formats/exchange/spool.js';
import { targetNames, targetOfName } from '../../../src/formats/exchange/target-folder.js';
import { type BoxMessage, RESULT_FORMATS } from '../../../src/formats/index.js';
import { collect, STREET, stream } from './messages.js';
import { VIDEO } from './written.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-exchange-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* failing(): AsyncGenerator<BoxMessage> {
  yield* STREET;
  throw new Error('the disk is gone');
}

describe('writeResults', () => {
  it.each(RESULT_FORMATS)(
    'leaves no trace of %s where the messages fail, and replaces what was there',
    async (format) => {
      const out = join(folder, resultFileName(format, 'street'));
      await expect(writeResults(format, failing, VIDEO, out)).rejects.toThrow('the disk is gone');
      expect(await readdir(folder)).toEqual([]);
      const first = await writeResults(format, stream(STREET), VIDEO, out);
      const texts = await Promise.all(first.map((file) => readFile(file, 'utf8')));
      await expect(writeResults(format, failing, VIDEO, out)).rejects.toThrow('the disk is gone');
      const again = await writeResults(format, stream(STREET), VIDEO, out);
      expect(await Promise.all(again.map((file) => readFile(file, 'utf8')))).toEqual(texts);
      expect(await readdir(folder)).toEqual([resultFileName(format, 'street')]);
    },
  );

  it.each(RESULT_FORMATS)('writes %s of no messages, and of messages without targets', async (format) => {
    const out = join(folder, 'out');
    await writeResults(format, stream([]), VIDEO, out);
    await writeResults(format, stream([{ ...STREET[0], targets: [] }]), VIDEO, out);
    expect(await readdir(folder)).toEqual(['out']);
  });

  it.each(RESULT_FORMATS)('gives %s up when told to', async (format) => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const messages = async function* () {
      yield STREET[0];
      controller.abort(reason);
      yield STREET[1];
    };
    const { signal } = controller;
    await expect(writeResults(format, messages, VIDEO, join(folder, 'out'), { signal })).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['mot', 'otb'] as const)(
    'removes what a killed process left of %s, and nothing else',
    async (format) => {
      const writer = `
      import { mkdirSync, writeFileSync } from 'node:fs';
      import { hostname } from 'node:os';
      const host = hostname().replace(/[^A-Za-z0-9-]/g, '');
      writeFileSync(\`.street.mot.\${host}-\${process.pid}-0.part.txt\`, 'half');
      mkdirSync(\`.street.otb.\${host}-\${process.pid}-1.part\`);
      process.kill(process.pid, 'SIGKILL');`;
      spawnSync(process.execPath, ['--input-type=module', '-e', writer], { cwd: folder });
      expect(await readdir(folder)).toHaveLength(2);
      // That of a process that lives, and that of another machine.
      const others = [
        `.a.${hostname()}-${process.ppid}-0.part.txt`,
        '.a.elsewhere-1-0.part.txt',
        '.part.txt',
      ];
      for (const name of others) await writeFile(join(folder, name), '');
      await writeResults(format, stream(STREET), VIDEO, join(folder, 'out'));
      expect((await readdir(folder)).sort()).toEqual([...others, 'out'].sort());
    },
  );

  it('keeps its hands off a folder that holds something else', async () => {
    const out = join(folder, 'results');
    await mkdir(join(out, 'deep'), { recursive: true });
    await writeFile(join(out, 'deep/thesis.txt'), 'years of work');
    for (const format of ['vot', 'otb', 'got10k'] as const) {
      const writing = writeResults(format, stream(STREET), VIDEO, out);
      await expect(writing).rejects.toThrow(/a folder that holds other files: deep\/thesis.txt/);
    }
    expect(await readFile(join(out, 'deep/thesis.txt'), 'utf8')).toBe('years of work');
  });

  it('forgets targets of the results before', async () => {
    const out = join(folder, 'street.otb');
    await writeResults('otb', stream(STREET), VIDEO, out);
    await writeResults('otb', stream(STREET.slice(0, 2)), VIDEO, out);
    expect(await readdir(out)).toEqual(['car']);
    expect((await stat(out)).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  it.each<[string, BoxMessage[], RegExp]>([
    ['frames that do not rise', [STREET[1], STREET[1]], /expected a frame after 1, for frames rise/],
    [
      'a target twice',
      [{ ...STREET[0], targets: [STREET[0].targets[0], STREET[0].targets[0]] }],
      /car twice in frame 0/,
    ],
  ])('refuses %s', async (_, messages, error) => {
    for (const format of RESULT_FORMATS) {
      const writing = writeResults(format, stream(messages), VIDEO, join(folder, 'out'));
      await expect(writing).rejects.toThrow(error);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['a missing folder', 'mot', 'a/b', /expected to write results there, got no folder/],
    ['a missing folder', 'otb', 'a/b', /expected to write results there, got no folder/],
    ['a full disk', 'cvat', '/dev/full', /ENOSPC/],
    ['a file in the place of a folder', 'got10k', 'file', /got a file/],
    ['a folder in the place of a file', 'onvif', '.', /got a folder/],
  ] as const)('says what is in the way: %s', async (_, format, name, error) => {
    await writeFile(join(folder, 'file'), '');
    const out = name.startsWith('/') ? name : join(folder, name);
    const writing = writeResults(format, stream(STREET), VIDEO, out);
    await expect(writing).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringMatching(error),
    });
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('does not know other formats', async () => {
    const writing = writeResults('toString' as 'mot', stream(STREET), VIDEO, join(folder, 'out'));
    await expect(writing).rejects.toThrow(/^format: expected jsonl, mot/);
  });

  it('numbers targets by their ids where all are numbers, else as they come', async () => {
    const named = (ids: string[]) => [
      { ...STREET[0], targets: ids.map((id) => ({ ...STREET[0].targets[0], id })) },
    ];
    const numbers = async (ids: string[]) => {
      const [out] = await writeResults('mot', stream(named(ids)), VIDEO, join(folder, 'out'));
      return (await readFile(out, 'utf8')).split('\n').map((line) => line.split(',')[1]);
    };
    expect(await numbers(['7', '3'])).toEqual(['7', '3', undefined]);
    expect(await numbers(['7', 'car'])).toEqual(['1', '2', undefined]);
    expect(await numbers(['7', '0'])).toEqual(['1', '2', undefined]);
  });

  it('sorts through files what does not fit into memory', async () => {
    // 3,000 frames of 8 targets are more than a spool keeps.
    const targets = Array.from({ length: 8 }, (_, k) => ({ ...STREET[0].targets[0], id: `target ${k}` }));
    const messages = Array.from({ length: 3000 }, (_, frame) => ({
      ...STREET[0],
      frame,
      pts: frame / 25,
      targets: targets.map((target, k) => ({
        ...target,
        box: [frame % 100, k, 10 + k, 20] as typeof target.box,
      })),
    }));
    const out = join(folder, 'long.cvat.xml');
    await writeResults('cvat', stream(messages), VIDEO, out);
    const source = { ...VIDEO, name: 'street.mp4' };
    expect(await collect(readResults('cvat', out, source))).toEqual(messages);
    expect(await readdir(folder)).toEqual(['long.cvat.xml']);
  });
});

describe('Spool', () => {
  it('gives back each drawer as it was filled, from memory or disk, and then nothing', async () => {
    for (const size of [10, 300_000]) {
      const spool = new Spool(folder);
      for (let k = 0; k < 8; k++) await spool.append(k % 3, `${String(k).repeat(size)}\n`);
      expect(spool.drawers).toEqual([0, 1, 2]);
      expect(await collect(spool.lines(1))).toEqual(['1', '4', '7'].map((digit) => digit.repeat(size)));
      expect((await collect(spool.read(2))).join('')).toBe(`${'2'.repeat(size)}\n${'5'.repeat(size)}\n`);
      expect(await readdir(folder)).toHaveLength(size === 10 ? 0 : 1);
      await spool.discard();
      expect([spool.drawers, await readdir(folder)]).toEqual([[], []]);
    }
  });

  it('says that there is no room', async () => {
    const spool = new Spool(join(folder, 'gone'));
    await expect(spool.append(0, 'x'.repeat(2 << 20))).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
  });
});

describe('names', () => {
  it('of targets can be made files on any system and turned back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 })), (ids) => {
        const names = targetNames(ids);
        expect([...names.values()].map(targetOfName)).toEqual(ids);
        expect(new Set([...names.values()].map((name) => name.toLowerCase())).size).toBe(ids.length);
        for (const name of names.values())
          expect(name).toMatch(/^[\p{L}\p{N}_%-]([\p{L}\p{N}_.%-]*[\p{L}\p{N}_%-])?$/u);
      }),
      {
        examples: [[['..', '.', 'a/b', 'a\\b', 'CON', 'com1.txt', 'car', 'Car', 'CAR', 'cAR', '%2E', 'x.']]],
      },
    );
  });

  it('of files tell the format', () => {
    for (const format of RESULT_FORMATS) expect(formatOfName(resultFileName(format, 'a.b'))).toBe(format);
    expect(formatOfName('some/Street.MOT.TXT')).toBe('mot');
    expect(formatOfName('some/street.got10k/')).toBe('got10k');
    expect(formatOfName('street.txt')).toBeUndefined();
  });
});
