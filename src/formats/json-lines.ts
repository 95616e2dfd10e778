import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { OutputError } from './error.js';
import { openPartFile, type PartFile } from './part-file.js';

/**
 * Writes one JSON value a line, to a file that appears whole when it is closed, or to a stream as it comes.
 *
 * @example
 * const out = await JsonLinesWriter.open('boxes.jsonl');
 * await out.write(message);
 * await out.close();
 */
export class JsonLinesWriter {
  readonly #name: string;
  readonly #stream: Writable;
  readonly #part: PartFile | null;
  readonly #onError = (error: Error) => {
    this.#failure ??= error;
    this.#wake?.();
  };
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  private constructor(name: string, stream: Writable, part: PartFile | null) {
    this.#name = name;
    this.#stream = stream;
    this.#part = part;
    stream.on('error', this.#onError);
  }

  /**
   * @param target a file name, or a stream that stays open when the writer closes (`process.stdout`)
   * @throws {OutputError} where the file cannot be made
   */
  static async open(target: string | Writable): Promise<JsonLinesWriter> {
    if (typeof target !== 'string') return new JsonLinesWriter('output stream', target, null);
    const part = await openPartFile(target);
    const stream = createWriteStream(part.path);
    const writer = new JsonLinesWriter(target, stream, part);
    await new Promise<void>((resolve) => {
      stream.once('open', () => resolve());
      writer.#wake = resolve;
    });
    writer.#check();
    return writer;
  }

  /**
   * Resolves when there is room for more, so that a slow reader slows the writer and not the memory.
   *
   * @throws {OutputError} where the disk is full or the reader has gone
   */
  async write(value: unknown): Promise<void> {
    this.#check();
    if (!this.#stream.write(`${JSON.stringify(value)}\n`)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#stream.once('drain', resolve);
      });
    }
    this.#check();
  }

  /** Writes what is left and puts the file in its place. */
  async close(): Promise<void> {
    if (this.#part) {
      this.#stream.end();
      await finished(this.#stream).catch(this.#onError);
      if (this.#failure) await this.#part.discard();
      this.#check();
      await this.#part.finish();
    } else {
      this.#check();
      this.#stream.off('error', this.#onError);
    }
  }

  /** Gives up: a file leaves no trace, a stream stays as it is. */
  async abort(): Promise<void> {
    if (!this.#part) return void this.#stream.off('error', this.#onError);
    this.#stream.destroy();
    await this.#part.discard();
  }

  #check(): void {
    this.#wake = null;
    if (this.#failure) throw new OutputError(this.#name, this.#failure.message, { cause: this.#failure });
  }
}
