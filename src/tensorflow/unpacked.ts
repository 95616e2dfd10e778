import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LIBRARIES } from './addon.js';
import { EngineError } from './engine-error.js';
import { sha256OfFile } from './wheels.js';

/** TensorFlow's library as somebody unpacked it from a wheel. */
export interface UnpackedLibrary {
  /** Holds the libraries and `include/`. */
  readonly folder: string;
  /** From the `.dist-info` folder beside it, where that was unpacked too. */
  readonly version?: string;
  /** Whether the libraries have the digests of the wheel's `RECORD`; false where there is no `RECORD`. */
  readonly verified: boolean;
}

/**
 * Finds an unpacked library in a folder or in its `tensorflow` subfolder, and checks it against the wheel's `RECORD`
 * where the `.dist-info` folder is there too.
 *
 * @throws {EngineError} `ENGINE_CHECKSUM` where a library is not the one that was published
 */
export async function findUnpackedLibrary(given: string): Promise<UnpackedLibrary | undefined> {
  const folder = [given, join(given, 'tensorflow')].find((path) => existsSync(join(path, LIBRARIES[0])));
  if (folder === undefined) return undefined;
  const info = findDistInfo(given) ?? findDistInfo(dirname(folder));
  if (info === undefined) return { folder, verified: false };
  const version = /-([^-]+)\.dist-info$/.exec(info)?.[1];
  const recorded = join(info, 'RECORD');
  if (!existsSync(recorded)) return { folder, version, verified: false };
  const rows = readFileSync(recorded, 'utf8').split('\n');
  for (const name of LIBRARIES) {
    const row = rows.find((line) => line.startsWith(`tensorflow/${name},`));
    const expected = row?.split(',')[1];
    const file = join(folder, name);
    if (!existsSync(file))
      throw new EngineError('ENGINE_FILES', `${folder}: expected ${name}, which is not there`);
    const got = `sha256=${Buffer.from(await sha256OfFile(file), 'hex').toString('base64url')}`;
    if (expected !== got) {
      throw new EngineError('ENGINE_CHECKSUM', `${file}: expected ${expected} as in ${recorded}, got ${got}`);
    }
  }
  return { folder, version, verified: true };
}

function findDistInfo(folder: string): string | undefined {
  const name = readdirSync(folder).find((entry) => /^tensorflow(_cpu)?-[^-]+\.dist-info$/.test(entry));
  return name === undefined ? undefined : join(folder, name);
}
