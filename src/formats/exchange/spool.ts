import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAtExit } from '../at-exit.js';
import { OutputError } from '../error.js';
import { partPath } from '../part-name.js';
import { readChunks, readLines } from './text-lines.js';

const KEPT_CHARACTERS = 1 << 20;

/**
 * Sorts text into any number of drawers while it streams by, so that what belongs together can be read together without all of it
 * being in memory: what is more than 1 Mi characters goes to files.
 */
export class Spool {
  readonly #parent: string;
  readonly #kept = new Map<number, string>();
  readonly #onDisk = new Set<number>();
  #keptCharacters = 0;
  #folder: string | null = null;
  #keep: () => void = () => undefined;

  /** @param parent the folder in which a hidden folder is made when memory does not suffice */
  constructor(parent: string) {
    this.#parent = parent;
  }

  /** Numbers of the drawers that hold something, rising. */
  get drawers(): number[] {
    return [...new Set([...this.#kept.keys(), ...this.#onDisk])].sort((a, b) => a - b);
  }

  /** Adds text at the end of a drawer. @throws {OutputError} where it cannot be stored */
  async append(drawer: number, text: string): Promise<void> {
    this.#kept.set(drawer, (this.#kept.get(drawer) ?? '') + text);
    this.#keptCharacters += text.length;
    if (this.#keptCharacters > KEPT_CHARACTERS) await this.#flush();
  }

  /** The text of a drawer, in pieces. */
  async *read(drawer: number): AsyncGenerator<string> {
    if (this.#onDisk.has(drawer)) yield* readChunks(this.#file(drawer));
    yield this.#kept.get(drawer) ?? '';
  }

  /** The lines of a drawer to which only whole lines were added. */
  async *lines(drawer: number): AsyncGenerator<string> {
    if (this.#onDisk.has(drawer)) for await (const { text } of readLines(this.#file(drawer))) yield text;
    const kept = this.#kept.get(drawer) ?? '';
    if (kept !== '') yield* kept.slice(0, -1).split('\n');
  }

  /** Throws everything away. */
  async discard(): Promise<void> {
    this.#kept.clear();
    this.#onDisk.clear();
    this.#keptCharacters = 0;
    if (this.#folder === null) return;
    await rm(this.#folder, { recursive: true, force: true });
    this.#keep();
    this.#folder = null;
  }

  async #flush(): Promise<void> {
    try {
      if (this.#folder === null) {
        const folder = await partPath(this.#parent, 'spool');
        await mkdir(folder);
        this.#folder = folder;
        this.#keep = removeAtExit(folder);
      }
      for (const [drawer, text] of this.#kept) {
        await appendFile(this.#file(drawer), text);
        this.#onDisk.add(drawer);
      }
    } catch (cause) {
      throw new OutputError(this.#folder ?? this.#parent, (cause as Error).message, { cause });
    }
    this.#kept.clear();
    this.#keptCharacters = 0;
  }

  #file(drawer: number): string {
    return join(this.#folder!, String(drawer));
  }
}
