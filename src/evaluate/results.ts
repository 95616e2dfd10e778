import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Box, SiamtrackError } from '../common/index.js';
import { DatasetError, parseBoxLines, type SequenceTarget } from '../datasets/index.js';
import { formatBoxes, formatScores, OutputError, openPartFile, type TargetState } from '../formats/index.js';
import type { OnePassResult } from './one-pass.js';
import { formatStates, parseScores, parseStates, readIfThere } from './result-lines.js';

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
  /** As written, with up to 6 decimals; `null` where there are none, as in most results of other programs. */
  readonly scores: readonly number[] | null;
  /** `null` likewise. */
  readonly states: readonly TargetState[] | null;
  readonly trackerSeconds: number | null;
  readonly totalSeconds: number | null;
}

const Meta = z.object({
  key: z.string(),
  boxes: z.string(),
  scores: z.string(),
  states: z.string().nullable(),
  frames: z.int().positive(),
  trackerSeconds: z.number(),
  totalSeconds: z.number(),
});

/**
 * A folder of results: `<target>.txt` with one `x,y,width,height` line a frame, `<target>.score.txt` with one score a line,
 * `<target>.state.txt` with one state a line where the tracker has states, and `<target>.json` with what the run was, which is written last: a
 * target that has it is finished. Of another program's results only the boxes need be there.
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
      const texts = await this.#texts(target);
      if (meta.key !== key || !isSame(meta, digests(texts))) return null;
      const { trackerSeconds, totalSeconds } = meta;
      const stored = { ...this.#parse(texts, target), trackerSeconds, totalSeconds };
      return stored.boxes.length === meta.frames ? stored : null;
    } catch {
      return null;
    }
  }

  /** Stores a result and returns it as a later {@link load} will. */
  async save(target: SequenceTarget, key: string, result: OnePassResult): Promise<StoredResult> {
    const { trackerSeconds, totalSeconds } = result;
    const texts: Texts = {
      boxes: formatBoxes(result.boxes, { oneBased: this.#oneBased }),
      scores: formatScores(result.scores),
      states: result.states && formatStates(result.states),
    };
    const meta = { key, ...digests(texts), frames: result.boxes.length, trackerSeconds, totalSeconds };
    // A state file left by another tracker would otherwise speak for this one.
    await rm(this.#path(target, '.json'), { force: true });
    if (texts.states === null) await rm(this.#path(target, '.state.txt'), { force: true });
    for (const [kind, ending] of ENDINGS) {
      if (texts[kind] !== null) await this.#write(target, ending, texts[kind]);
    }
    await this.#write(target, '.json', `${JSON.stringify(meta, null, 2)}\n`);
    return { ...this.#parse(texts, target), trackerSeconds, totalSeconds };
  }

  /**
   * Any tracker's result of a target, from `<target>.txt` and, where they are there, `<target>.score.txt` and `<target>.state.txt`.
   *
   * @throws {DatasetError} where the boxes are missing or a line of a file is wrong, {@link ResultsError} where files differ in length
   */
  async read(target: SequenceTarget): Promise<StoredResult> {
    const result = this.#parse(await this.#texts(target), target);
    const frames = result.boxes.length;
    for (const [kind, ending] of ENDINGS) {
      const lines = result[kind];
      if (lines !== null && lines.length !== frames) {
        const expected = `${frames} lines, as many as ${target.name}.txt has`;
        throw new ResultsError(`${this.#path(target, ending)}: expected ${expected}, got ${lines.length}`);
      }
    }
    return { ...result, trackerSeconds: null, totalSeconds: null };
  }

  #path(target: SequenceTarget, ending: string): string {
    return join(this.#folder, `${target.name}${ending}`);
  }

  async #texts(target: SequenceTarget): Promise<Texts> {
    const path = (ending: string) => this.#path(target, ending);
    const boxes = await readIfThere(path('.txt'));
    if (boxes === null) throw new DatasetError(path('.txt'), 'a readable text file', 'ENOENT');
    const scores = await readIfThere(path('.score.txt'));
    return { boxes, scores, states: await readIfThere(path('.state.txt')) };
  }

  #parse({ boxes, scores, states }: Texts, target: SequenceTarget) {
    const path = (ending: string) => this.#path(target, ending);
    return {
      boxes: parseBoxLines(boxes, path('.txt'), { oneBased: this.#oneBased }),
      scores: scores === null ? null : parseScores(scores, path('.score.txt')),
      states: states === null ? null : parseStates(states, path('.state.txt')),
    };
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

/** The files of a result as text; `null` for those that are not there. */
interface Texts {
  readonly boxes: string;
  readonly scores: string | null;
  readonly states: string | null;
}

const ENDINGS = [
  ['boxes', '.txt'],
  ['scores', '.score.txt'],
  ['states', '.state.txt'],
] as const;

function digests({ boxes, scores, states }: Texts) {
  const of = (text: string | null) => (text === null ? null : digest(text));
  return { boxes: digest(boxes), scores: of(scores), states: of(states) };
}

function isSame(meta: z.infer<typeof Meta>, now: ReturnType<typeof digests>): boolean {
  return ENDINGS.every(([kind]) => meta[kind] === now[kind]);
}

/** A short fingerprint of a text, or of any value by its JSON. */
export function digest(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
