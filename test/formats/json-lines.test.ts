import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JsonLinesWriter, OutputError } from '../../src/formats/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-jsonl-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('JsonLinesWriter', () => {
  it('shows nothing of a file until it is closed', async () => {
    const file = join(folder, 'out.jsonl');
    await writeFile(file, 'old');
    const out = await JsonLinesWriter.open(file);
    await out.write({ frame: 0 });
    await out.write({ frame: 1, text: 'a\nb' });
    expect(await readFile(file, 'utf8')).toBe('old');
    await out.close();
    expect(await readFile(file, 'utf8')).toBe('{"frame":0}\n{"frame":1,"text":"a\\nb"}\n');
    expect(await readdir(folder)).toEqual(['out.jsonl']);
  });

  it('leaves no trace when it gives up', async () => {
    const out = await JsonLinesWriter.open(join(folder, 'out.jsonl'));
    await out.write({});
    await out.abort();
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes to what is no regular file in place', async () => {
    const out = await JsonLinesWriter.open('/dev/null');
    await out.write({});
    await out.close();
  });

  it('says that a disk is full', async () => {
    await symlink('/dev/full', join(folder, 'full'));
    const out = await JsonLinesWriter.open(join(folder, 'full'));
    const fill = async () => {
      for (let k = 0; k < 10; k++) await out.write('x'.repeat(100_000));
      await out.close();
    };
    await expect(fill()).rejects.toThrow(/full: expected to write results there, got .*ENOSPC/);
  });

  it.each([
    ['a missing folder', 'gone/out.jsonl', /no folder/],
    ['a folder', '.', /got a folder/],
  ])('refuses %s', async (_, name, message) => {
    const opening = JsonLinesWriter.open(join(folder, name));
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(OutputError);
  });

  it('waits for a slow reader', async () => {
    const slow = new PassThrough({ highWaterMark: 10 });
    const out = await JsonLinesWriter.open(slow);
    let written = false;
    const writing = out.write('x'.repeat(100)).then(() => {
      written = true;
    });
    await new Promise(setImmediate);
    expect(written).toBe(false);
    slow.resume();
    await writing;
    await out.close();
    expect(slow.writable).toBe(true);
  });

  it('says that the reader has gone, also while it waits for it', async () => {
    const broken = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => setImmediate(() => done(new Error('EPIPE'))),
    });
    const out = await JsonLinesWriter.open(broken);
    await expect(out.write({})).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
    await expect(out.write({})).rejects.toThrow('EPIPE');
  });
});
