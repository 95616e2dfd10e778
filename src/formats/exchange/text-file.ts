import { type FileHandle, open } from 'node:fs/promises';
import { OutputError } from '../error.js';
import { openPartFile, type PartFile } from '../part-file.js';

const BUFFERED_CHARACTERS = 1 << 16;

/** Takes text piece by piece. */
export interface TextSink {
  /** Resolves when there is room for more. @throws {OutputError} where the text cannot be stored */
  write(text: string): Promise<void>;
}

/** A text file in UTF-8 that appears whole when it is finished. */
export class TextFile implements TextSink {
  readonly #file: string;
  readonly #part: PartFile;
  readonly #handle: FileHandle;
  #pending = '';

  private constructor(file: string, part: PartFile, handle: FileHandle) {
    this.#file = file;
    this.#part = part;
    this.#handle = handle;
  }

  /** @throws {OutputError} where the file cannot be made */
  static async open(file: string): Promise<TextFile> {
    const part = await openPartFile(file);
    try {
      return new TextFile(file, part, await open(part.path, 'w'));
    } catch (cause) {
      throw new OutputError(file, (cause as Error).message, { cause });
    }
  }

  async write(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= BUFFERED_CHARACTERS) await this.#flush();
  }

  /** Puts the file in its place. */
  async finish(): Promise<void> {
    try {
      await this.#flush();
      await this.#handle.close();
    } catch (error) {
      await this.discard();
      throw error;
    }
    await this.#part.finish();
  }

  /** Gives up and leaves no trace. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await this.#part.discard();
  }

  async #flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    if (text === '') return;
    try {
      await this.#handle.appendFile(text);
    } catch (cause) {
      throw new OutputError(this.#file, (cause as Error).message, { cause });
    }
  }
}
