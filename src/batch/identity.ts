import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hidden, identifyAddress } from './address.js';
import { writeAtomically } from './durable.js';
import { BatchError } from './errors.js';
import type { BatchInput } from './inputs.js';

/** What an input is, whatever it is called: its size and the SHA-256 of every byte. */
export interface InputIdentity {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal SHA-256 of the content; of stills, of their names and contents; of an address, of what its server says of it. */
  readonly sha256: string;
}

/** What changes when a file is written to. */
type Stamp = readonly [size: number, mtimeNs: string, inode: string];

interface Known {
  readonly stamp: Stamp;
  readonly sha256: string;
}

/**
 * Identifies inputs by content. Every byte is read: a hash of samples would take two recordings that differ in between for one. It costs
 * little against decoding (hundreds of MB/s a core), and a file whose size, modification time (ns) and inode are as before is not read again.
 */
export class IdentityCache {
  readonly #file: string;
  readonly #known: Map<string, Known>;
  #changed = false;

  private constructor(file: string, known: Map<string, Known>) {
    this.#file = file;
    this.#known = known;
  }

  /** @param file where what is known is kept; one that is missing or damaged is an empty one */
  static async open(file: string): Promise<IdentityCache> {
    try {
      return new IdentityCache(file, new Map(Object.entries(JSON.parse(await readFile(file, 'utf8')))));
    } catch {
      return new IdentityCache(file, new Map());
    }
  }

  /** @throws {BatchError} `INPUT_CHANGED` where it cannot be read, or changes meanwhile */
  async identify({ location, kind }: BatchInput, signal?: AbortSignal): Promise<InputIdentity> {
    try {
      if (kind === 'url') return await identifyAddress(location, signal);
      if (kind === 'video') return await this.#readFile(location, signal);
      const hash = createHash('sha256');
      let size = 0;
      const entries = await readdir(location, { withFileTypes: true });
      const names = entries
        .filter((one) => !one.isDirectory() && !one.name.startsWith('.'))
        .map(({ name }) => name);
      for (const name of names.sort()) {
        const one = await this.#readFile(join(location, name), signal);
        size += one.size;
        hash.update(`${JSON.stringify(name)} ${one.sha256}\n`);
      }
      return { size, sha256: hash.digest('hex') };
    } catch (cause) {
      signal?.throwIfAborted();
      if (cause instanceof BatchError) throw cause;
      const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
      throw new BatchError(
        'INPUT_CHANGED',
        `${hidden(location)}: expected an input that can be read, got ${reason}`,
        { cause },
      );
    }
  }

  /** Keeps what was found out. A folder that cannot be written to costs time on the next run and nothing else. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    await writeAtomically(this.#file, JSON.stringify(Object.fromEntries(this.#known))).catch(() => undefined);
  }

  async #readFile(path: string, signal?: AbortSignal): Promise<InputIdentity> {
    const before = await stampOf(path);
    const known = this.#known.get(path);
    if (known && same(known.stamp, before)) return { size: before[0], sha256: known.sha256 };
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
    if (!same(before, await stampOf(path)))
      throw new BatchError(
        'INPUT_CHANGED',
        `${path}: expected a finished recording, got one that is being written`,
      );
    const sha256 = hash.digest('hex');
    this.#known.set(path, { stamp: before, sha256 });
    this.#changed = true;
    return { size: before[0], sha256 };
  }
}

async function stampOf(path: string): Promise<Stamp> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  return [Number(size), String(mtimeNs), String(ino)];
}

function same(a: Stamp, b: Stamp): boolean {
  return a.every((value, k) => value === b[k]);
}
