import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Box, SiamtrackError } from '../common/index.js';
import { parseBoxLines, readBoxFile, type SequenceTarget } from '../datasets/index.js';
import { formatBoxes, formatScores, OutputError, openPartFile } from '../formats/index.js';
import type { OnePassResult } from './one-pass.js';

/** Results that cannot be measured against the truth. `code` is always `RESULTS_INVALID`. */
export class ResultsError extends SiamtrackError {
  constructor(message: string, options?: ErrorOptions) {
    super('RESULTS_INVALID', message, options);
  }
}

/** What is known of one finished result. */
export interface StoredResult {
  /** As written: numbers with up to 4 decimals. */
  readonly boxes: readonly (Box | null)[];
  readonly trackerSeconds: number | null;
  readonly totalSeconds: number | null;
}

const Meta = z.object({
  key: z.string(),
  boxes: z.string(),
  frames: z.int().positive(),
  trackerSeconds: z.number(),
  totalSeconds: z.number(),
});

/**
 * A folder of results: `<target>.txt` with one `x,y,width,height` line a frame, `<target>.score.txt` with one score a line and
 * `<target>.json` with what the run was, which is written last: a target that has it is finished.
 */
export class ResultFolder {
  readonly #folder: string;
  readonly #oneBased: boolean;

  /** @param options.oneBased as the data set's truth is; default `true` */
  constructor(folder: string, { oneBased = true }: { readonly oneBased?: boolean } = {}) {
    this.#folder = folder;
    this.#oneBased = oneBased;
  }

  /**
   * The finished result of a target, or `null` where there is none from a run with the same `key` or its files were changed since.
   */
  async load(target: SequenceTarget, key: string): Promise<StoredResult | null> {
    try {
      const meta = Meta.parse(JSON.parse(await readFile(this.#path(target, '.json'), 'utf8')));
      const text = await readFile(this.#path(target, '.txt'), 'utf8');
      if (meta.key !== key || meta.boxes !== digest(text)) return null;
      const boxes = this.#parse(text, target);
      if (boxes.length !== meta.frames) return null;
      return { boxes, trackerSeconds: meta.trackerSeconds, totalSeconds: meta.totalSeconds };
    } catch {
      return null;
    }
  }

  /** Stores a result and returns it as a later {@link load} will. */
  async save(target: SequenceTarget, key: string, result: OnePassResult): Promise<StoredResult> {
    const { trackerSeconds, totalSeconds } = result;
    const text = formatBoxes(result.boxes, { oneBased: this.#oneBased });
    const meta = { key, boxes: digest(text), frames: result.boxes.length, trackerSeconds, totalSeconds };
    await this.#write(target, '.txt', text);
    await this.#write(target, '.score.txt', formatScores(result.scores));
    await this.#write(target, '.json', `${JSON.stringify(meta, null, 2)}\n`);
    return { boxes: this.#parse(text, target), trackerSeconds, totalSeconds };
  }

  /**
   * Any tracker's result of a target, from `<target>.txt` alone.
   *
   * @throws {DatasetError} where the file is missing or a line is not a box
   */
  async read(target: SequenceTarget): Promise<StoredResult> {
    const boxes = await readBoxFile(this.#path(target, '.txt'), { oneBased: this.#oneBased });
    return { boxes, trackerSeconds: null, totalSeconds: null };
  }

  #path(target: SequenceTarget, ending: string): string {
    return join(this.#folder, `${target.name}${ending}`);
  }

  #parse(text: string, target: SequenceTarget): (Box | null)[] {
    return parseBoxLines(text, this.#path(target, '.txt'), { oneBased: this.#oneBased });
  }

  async #write(target: SequenceTarget, ending: string, text: string): Promise<void> {
    const path = this.#path(target, ending);
    try {
      await mkdir(this.#folder, { recursive: true });
    } catch (cause) {
      throw new OutputError(path, (cause as Error).message, { cause });
    }
    const part = await openPartFile(path);
    try {
      await writeFile(part.path, text);
    } catch (cause) {
      await part.discard();
      throw new OutputError(path, (cause as Error).message, { cause });
    }
    await part.finish();
  }
}

/** A short fingerprint of a text, or of any value by its JSON. */
export function digest(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
