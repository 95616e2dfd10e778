import { readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFolderFormat } from '../../../src/formats/exchange/index.js';
import { RESULT_FORMATS } from '../../../src/formats/index.js';
import { STREET } from './messages.js';
import { withWritten } from './written.js';

const SOURCE = { name: 'street.mp4', frameRate: 25, frameCount: 9, width: 320, height: 240 };

const golden = (...names: string[]) =>
  join(import.meta.dirname, 'golden', ...names.slice(0, -1), `${names.at(-1)}.golden`);

describe('writeResults makes these bytes', () => {
  it.each(RESULT_FORMATS.filter((format) => !isFolderFormat(format)))('%s', (format) =>
    withWritten(
      format,
      STREET,
      async (path, written) => {
        expect(written).toEqual([path]);
        await expect(await readFile(path, 'utf8')).toMatchFileSnapshot(golden(basename(path)));
      },
      SOURCE,
    ),
  );

  it.each(RESULT_FORMATS.filter(isFolderFormat))('%s', (format) =>
    withWritten(
      format,
      STREET,
      async (path, written) => {
        const texts = await Promise.all(
          written.map(async (file) => `== ${relative(path, file)}\n${await readFile(file, 'utf8')}`),
        );
        await expect(texts.join('')).toMatchFileSnapshot(golden(basename(path)));
      },
      SOURCE,
    ),
  );
});
