import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { TargetGroupSnapshot } from '../tracker/index.js';
import { syncFile, syncFolder, writeAtomically } from './durable.js';
import { BatchError } from './errors.js';

const mark = z.strictObject({ bytes: z.int().min(0), sha256: z.string() });

/** How the end of a video was met. */
export const Ending = z.strictObject({
  /** How many frames the video has, or gave before it broke. */
  frames: z.int().min(0),
  /** Why frames are missing at the end, where they are. */
  damage: z.string().optional(),
  /** What the container says of itself. */
  source: z.strictObject({
    width: z.int(),
    height: z.int(),
    frameRate: z.number().optional(),
    duration: z.number().optional(),
    codec: z.string().optional(),
  }),
});
export type Ending = z.infer<typeof Ending>;

/** Where a job stood between two frames: enough to go on as if nothing had happened. */
export const Checkpoint = z.strictObject({
  format: z.literal(1),
  key: z.string(),
  attempt: z.int().positive(),
  /** Index of the frame that comes next. */
  next: z.int(),
  /** How many frames have been followed, both ways: which of two checkpoints is further. */
  done: z.int().min(0),
  forwards: mark,
  /** How the way forwards ended; there while going backwards. */
  ended: Ending.optional(),
  backwards: mark.optional(),
  /** The frames on which targets started, as far as they have. */
  started: z.record(z.string(), z.strictObject({ frame: z.int().min(0), pts: z.number() })),
  snapshot: z.custom<TargetGroupSnapshot>((value) => typeof value === 'object' && value !== null),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** What is left of a finished job. */
export const Done = z.strictObject({
  format: z.literal(1),
  key: z.string(),
  name: z.string(),
  ending: Ending,
  /** What made it: program, weights, and the processor, on whose arithmetic the last digits of a score depend. */
  made: z.strictObject({
    version: z.string(),
    model: z.string(),
    digest: z.string(),
    precision: z.string(),
    engine: z.string(),
    processor: z.string(),
  }),
  /** Length of the JSON lines. */
  bytes: z.int().min(0),
});
export type Done = z.infer<typeof Done>;

/**
 * The folder of one job's state, below `.siamtrack` in the output folder. Each attempt at the job has files of its own, named by a number
 * that is taken by making a file that nobody else has made; so two processes on one job cannot harm each other, and one of them finishes it:
 * `record/` comes to be by renaming a folder that is not empty, which a file system grants to the first alone.
 */
export class StateFolder {
  readonly path: string;
  readonly key: string;

  constructor(out: string, key: string) {
    this.path = join(out, '.siamtrack', key);
    this.key = key;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Takes the next attempt's number. @throws {BatchError} `STATE_FAILED` */
  async begin(): Promise<number> {
    try {
      await mkdir(this.path, { recursive: true });
      const numbers = (await readdir(this.path)).map((name) => Number(/^(\d+)\./.exec(name)?.[1] ?? 0));
      for (let attempt = Math.max(0, ...numbers) + 1; ; attempt++) {
        try {
          await (await open(this.file(`${attempt}.attempt`), 'wx')).close();
          return attempt;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
      }
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /** Every readable checkpoint, the furthest first. */
  async checkpoints(): Promise<Checkpoint[]> {
    const names = (await readdir(this.path).catch(() => [])).filter((name) =>
      /^\d+\.checkpoint\.json$/.test(name),
    );
    const read = await Promise.all(
      names.map(async (name) => {
        try {
          return Checkpoint.parse(JSON.parse(await readFile(this.file(name), 'utf8')));
        } catch {
          return undefined;
        }
      }),
    );
    return read
      .filter((one) => one !== undefined && one.key === this.key)
      .sort((a, b) => b!.done - a!.done || b!.attempt - a!.attempt) as Checkpoint[];
  }

  /** @throws {BatchError} `STATE_FAILED` */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    try {
      await writeAtomically(this.file(`${checkpoint.attempt}.checkpoint.json`), JSON.stringify(checkpoint));
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /**
   * Makes a finished part file the record, unless another attempt has been first; then its record stays.
   *
   * @returns whether this one became the record
   */
  async commit(part: string, ending: Ending): Promise<boolean> {
    try {
      await syncFile(part);
      // What is known of the video becomes visible together with its lines.
      const folder = `${part}.commit`;
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      // A link where there are such things: then a kill in between leaves the part file for the next attempt.
      const record = join(folder, 'record.jsonl');
      await link(part, record).catch(() => rename(part, record));
      await writeAtomically(join(folder, 'ending.json'), JSON.stringify(ending));
      try {
        await rename(folder, this.file('record'));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'EPERM') throw error;
        await rm(folder, { recursive: true, force: true });
        return false;
      }
      await syncFolder(this.path);
      return true;
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  /** The committed record and what is known of it. */
  async record(): Promise<{ readonly ending: Ending; readonly file: string } | undefined> {
    try {
      const ending = Ending.parse(JSON.parse(await readFile(this.file('record/ending.json'), 'utf8')));
      return { ending, file: this.file('record/record.jsonl') };
    } catch {
      return undefined;
    }
  }

  async done(): Promise<Done | undefined> {
    try {
      const done = Done.parse(JSON.parse(await readFile(this.file('done.json'), 'utf8')));
      return done.key === this.key ? done : undefined;
    } catch {
      return undefined;
    }
  }

  /** Notes that all outputs are in place, and removes what was needed to get there. */
  async finish(done: Done): Promise<void> {
    try {
      await writeAtomically(this.file('done.json'), JSON.stringify(done, null, 1));
    } catch (cause) {
      throw this.#failed(cause);
    }
    await this.clean();
  }

  /** Removes all but `done.json` and the mark by which an attempt that comes late sees that the record is made. */
  async clean(): Promise<void> {
    const kept = ['done.json', 'record'];
    const names = (await readdir(this.path).catch(() => [])).filter((name) => !kept.includes(name));
    for (const name of [...names, 'record/record.jsonl'])
      await rm(this.file(name), { recursive: true, force: true }).catch(() => undefined);
  }

  /** Forgets that the job was done, where its outputs have gone. */
  async reopen(): Promise<void> {
    await rm(this.file('done.json'), { force: true });
    await rm(this.file('record'), { recursive: true, force: true });
  }

  /** Whether a file is still as long as it was. */
  async holds(file: string, bytes: number): Promise<boolean> {
    return (await stat(file).catch(() => null))?.size === bytes;
  }

  #failed(cause: unknown): BatchError {
    if (cause instanceof BatchError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new BatchError('STATE_FAILED', `${this.path}: expected to keep checkpoints there, got ${reason}`, {
      cause,
    });
  }
}
