import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { BatchError } from './errors.js';

/** How far a part file is known to be good: its first `bytes` bytes have this SHA-256. */
export interface PartMark {
  readonly bytes: number;
  readonly sha256: string;
}

const BUFFERED = 1 << 16;

/**
 * A file of lines that only grows. Lines are written when enough of them have come, or when a mark is asked for; what lies behind a mark
 * is on the disk.
 */
export class PartRecord {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash;
  #bytes: number;
  #pending: string[] = [];
  #length = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;

  private constructor(file: string, handle: FileHandle, hash: Hash, bytes: number) {
    this.#file = file;
    this.#handle = handle;
    this.#hash = hash;
    this.#bytes = bytes;
  }

  /**
   * @param from a part file of before, and how much of it is good: the new one begins with that
   * @returns `undefined`, and no file, where the part of before is not as its mark says
   * @throws {BatchError} `STATE_FAILED`
   */
  static async create(
    file: string,
    from?: { readonly file: string; readonly mark: PartMark },
  ): Promise<PartRecord | undefined> {
    if (from && from.mark.bytes > 0 && !((await stat(from.file).catch(() => null))?.size ?? 0))
      return undefined;
    const hash = createHash('sha256');
    let handle: FileHandle | undefined;
    try {
      handle = await open(file, 'wx');
      if (from && from.mark.bytes > 0) {
        let copied = 0;
        for await (const chunk of createReadStream(from.file, { end: from.mark.bytes - 1 })) {
          hash.update(chunk);
          await writeAll(handle, chunk);
          copied += chunk.length;
        }
        if (copied !== from.mark.bytes || hash.copy().digest('hex') !== from.mark.sha256) {
          await handle.close();
          await rm(file);
          return undefined;
        }
      }
      return new PartRecord(file, handle, hash, from?.mark.bytes ?? 0);
    } catch (cause) {
      await handle?.close();
      throw failed(file, cause);
    }
  }

  /** Takes one value as a line; resolves when there is room for more. */
  async write(value: unknown): Promise<void> {
    if (this.#failure) throw failed(this.#file, this.#failure);
    const line = `${JSON.stringify(value)}\n`;
    this.#pending.push(line);
    this.#length += line.length;
    if (this.#length >= BUFFERED) await this.#flush();
  }

  /** Puts everything written so far on the disk. Lines that come meanwhile are not part of the mark. */
  async mark(): Promise<PartMark> {
    const flushed = this.#flush();
    let mark: PartMark | undefined;
    this.#writing = this.#writing
      .then(async () => {
        if (this.#failure) return;
        mark = { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
        await this.#handle.datasync();
      })
      .catch((error) => {
        this.#failure ??= error;
      });
    await flushed;
    await this.#writing;
    if (this.#failure || !mark) throw failed(this.#file, this.#failure);
    return mark;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#handle.close();
  }

  /** Closes and removes the file. */
  async discard(): Promise<void> {
    await this.close();
    await rm(this.#file, { force: true });
  }

  #flush(): Promise<void> {
    const bytes = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    this.#length = 0;
    this.#writing = this.#writing
      .then(async () => {
        if (this.#failure || bytes.length === 0) return;
        await writeAll(this.#handle, bytes);
        this.#hash.update(bytes);
        this.#bytes += bytes.length;
      })
      .catch((error) => {
        this.#failure ??= error;
      });
    return this.#writing.then(() => {
      if (this.#failure) throw failed(this.#file, this.#failure);
    });
  }
}

/** A write may take less than it was given, a full disk among the reasons. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

function failed(file: string, cause: unknown): BatchError {
  if (cause instanceof BatchError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BatchError('STATE_FAILED', `${file}: expected room for results, got ${reason}`, { cause });
}
