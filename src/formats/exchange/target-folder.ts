import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { removeAtExit } from '../at-exit.js';
import { OutputError } from '../error.js';
import { partPath } from '../part-name.js';
import type { TextSink } from './text-file.js';

/** Names that Windows keeps to itself, with any ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Takes the files of a folder one after another. */
export interface FolderSink {
  /**
   * Starts a file; the one before is complete.
   *
   * @param path within the folder, with `/`; folders on the way are made
   */
  file(path: string): Promise<TextSink>;
}

/**
 * A folder of text files that appears whole when it is finished. An earlier one is replaced if there is nothing in it but what such
 * a folder holds.
 */
export class TargetFolder implements FolderSink {
  readonly #folder: string;
  readonly #part: string;
  readonly #keep: () => void;
  readonly #files: string[] = [];
  #pending = '';

  private constructor(folder: string, part: string) {
    this.#folder = folder;
    this.#part = part;
    this.#keep = removeAtExit(part);
  }

  /**
   * @param folder the final name
   * @param own whether a file, named within the folder and with `/`, is one that such a folder holds
   * @throws {OutputError} where its parent does not exist, or something else is in its place
   */
  static async open(folder: string, own: (path: string) => boolean): Promise<TargetFolder> {
    const final = resolve(folder);
    const parent = dirname(final);
    if (!(await stat(parent).catch(() => null))?.isDirectory()) {
      throw new OutputError(folder, `no folder ${parent}`);
    }
    const existing = await stat(final).catch(() => null);
    if (existing && !existing.isDirectory()) throw new OutputError(folder, 'a file');
    const foreign = existing ? (await filesUnder(final)).find((path) => !own(path)) : undefined;
    if (foreign !== undefined) throw new OutputError(folder, `a folder that holds other files: ${foreign}`);
    const part = await partPath(parent, basename(final));
    try {
      await mkdir(part);
      return new TargetFolder(folder, part);
    } catch (cause) {
      throw new OutputError(folder, (cause as Error).message, { cause });
    }
  }

  async file(path: string): Promise<TextSink> {
    await this.#flush();
    this.#files.push(path);
    await this.#try(() => mkdir(dirname(join(this.#part, path)), { recursive: true }));
    return {
      write: async (text) => {
        this.#pending += text;
        if (this.#pending.length >= 1 << 16) await this.#flush();
      },
    };
  }

  /** Puts the folder in its place and returns the paths of its files. */
  async finish(): Promise<readonly string[]> {
    await this.#flush();
    await this.#try(async () => {
      // A folder cannot be renamed over one that holds something: the old one steps aside for a moment.
      const old = `${this.#part}.old`;
      const moved = await rename(this.#folder, old).then(
        () => true,
        () => false,
      );
      try {
        await rename(this.#part, this.#folder);
      } catch (error) {
        if (moved) await rename(old, this.#folder);
        throw error;
      }
      if (moved) await rm(old, { recursive: true, force: true });
    });
    this.#keep();
    return this.#files.map((path) => join(this.#folder, path));
  }

  /** Gives up and leaves no trace. */
  async discard(): Promise<void> {
    await rm(this.#part, { recursive: true, force: true });
    this.#keep();
  }

  async #flush(): Promise<void> {
    const current = this.#files.at(-1);
    if (current === undefined) return;
    const text = this.#pending;
    this.#pending = '';
    await this.#try(() => appendFile(join(this.#part, current), text));
  }

  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new OutputError(this.#folder, (cause as Error).message, { cause });
    }
  }
}

/** Paths of all files below a folder, with `/`. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = entries.map(async (entry) =>
    entry.isDirectory()
      ? (await filesUnder(join(folder, entry.name))).map((path) => `${entry.name}/${path}`)
      : [entry.name],
  );
  return (await Promise.all(lists)).flat();
}

/**
 * Names for targets that every file system takes, each one reversible with {@link targetOfName}: characters that are no letters,
 * digits, `_`, `-` or inner dots are percent-encoded, and so is the beginning of a name that differs from another one only in case.
 */
export function targetNames(ids: Iterable<string>): Map<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const id of ids) {
    const characters = [...id];
    const named = (encoded: number) =>
      encode(characters.slice(0, encoded).join('')) + plainName(characters.slice(encoded).join(''));
    let encoded = 0;
    while (encoded < characters.length && !usable(named(encoded), taken)) encoded++;
    const name = named(encoded);
    taken.add(name.toLowerCase());
    names.set(id, name);
  }
  return names;
}

function plainName(text: string): string {
  return text.replace(/[^\p{L}\p{N}_.-]|^\.|\.$/gu, encode);
}

function usable(name: string, taken: ReadonlySet<string>): boolean {
  return !RESERVED.test(name) && !taken.has(name.toLowerCase());
}

/** The id that {@link targetNames} named so; a name that is none of its making is its own id. */
export function targetOfName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function encode(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}
