import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '../../common/index.js';
import { ResultFileError } from './error.js';
import { type BoxRecord, boxRecord, type RecordFile } from './records.js';
import { targetOfName } from './target-folder.js';
import { readLines } from './text-lines.js';
import type { WriteJob } from './write-job.js';

/** One box a line for every frame of the video, as single-target benchmarks have them. */
export interface BoxList {
  readonly id: string;
  readonly file: string;
  /** A file with one flag a line, 1 where the target is absent. */
  readonly absence?: string;
}

/** What the lines of one target are made from: its box in the message's frame, `null` where it is absent or lost. */
export type BoxLine = (box: Box | null, size: { readonly width: number; readonly height: number }) => string;

/**
 * Sorts results into one drawer of the spool for each target, numbered in the survey's order: one line for each frame of the video up
 * to the last message, whether there is a message or not.
 */
export async function spoolBoxLines({ messages, survey, spool }: WriteJob, toLine: BoxLine): Promise<void> {
  const { targets } = await survey();
  const ids = [...targets.keys()];
  let next = 0;
  for await (const { frame, size, targets: found } of messages()) {
    const boxes = new Map(found.map(({ id, box, state }) => [id, state === 'lost' ? null : box]));
    for (const [drawer, id] of ids.entries()) {
      const before = next < frame ? toLine(null, size).repeat(frame - next) : '';
      await spool.append(drawer, before + toLine(boxes.get(id) ?? null, size));
    }
    next = frame + 1;
  }
}

/** Reads box lists, each line `x,y,width,height`; NaN and boxes without area say that the target is absent. */
export function readBoxLists(
  lists: AsyncIterable<BoxList>,
  { first }: { readonly first: 0 | 1 },
): RecordFile {
  let frames = 0;
  const read = async function* (): AsyncGenerator<BoxRecord> {
    for await (const { id, file, absence } of lists) {
      const flags = absence === undefined ? undefined : readLines(absence)[Symbol.asyncIterator]();
      let count = 0;
      for await (const { number, text } of readLines(file)) {
        if (text.trim() === '') continue;
        const frame = count++;
        const box = parseLine(`${file}:${number}`, text.trim(), first);
        const absent = flags ? await readFlag(absence!, number, flags) : false;
        if (box && !absent)
          yield boxRecord(`${file}:${number}`, frame, id, box, { score: 1, state: 'tracking' });
      }
      frames = Math.max(frames, count);
    }
  };
  return { boxes: read(), frameCount: () => frames };
}

/**
 * Folders within a folder of sequences that hold a file of one of the given names, in the order of their names, as the ids of targets.
 *
 * @throws {ResultFileError} where there is none
 */
export async function* listsInFolders(
  folder: string,
  name: RegExp,
  absence?: string,
): AsyncGenerator<BoxList> {
  let found = false;
  const own = await listOf(folder, '', name, absence);
  if (own) return yield own;
  for (const entry of await entriesOf(folder)) {
    const list = entry.isDirectory() ? await listOf(folder, entry.name, name, absence) : undefined;
    if (!list) continue;
    found = true;
    yield list;
  }
  if (!found) throw new ResultFileError(folder, `folders of targets with ${name.source}`, 'none');
}

async function listOf(
  folder: string,
  target: string,
  name: RegExp,
  absence?: string,
): Promise<BoxList | undefined> {
  const path = join(folder, target);
  const files = (await entriesOf(path)).map((entry) => entry.name);
  const file = files.find((entry) => name.test(entry));
  if (file === undefined) return undefined;
  const flags = absence !== undefined && files.includes(absence) ? join(path, absence) : undefined;
  return { id: target === '' ? '1' : targetOfName(target), file: join(path, file), absence: flags };
}

/** Entries of a folder, in the order of their names. @throws {ResultFileError} where it cannot be read */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new ResultFileError(folder, 'a readable folder', code, { cause });
  }
}

function parseLine(where: string, text: string, first: number): Box | null {
  // VOT marks frames without a box by a single number.
  if (/^[0-2]$/.test(text)) return null;
  const words = text.split(/[,;\s]+/);
  const numbers = words.map((word) =>
    /^[+-]?nan$/i.test(word) ? Number.NaN : word === '' ? undefined : Number(word),
  );
  const wrong = numbers.some(
    (value, k) => value === undefined || (Number.isNaN(value) && !/nan/i.test(words[k])),
  );
  if (numbers.length !== 4 || wrong) {
    throw new ResultFileError(where, 'four numbers x,y,width,height', JSON.stringify(text));
  }
  const [x, y, w, h] = numbers as number[];
  return w > 0 && h > 0 && !Number.isNaN(x + y) ? [x - first, y - first, w, h] : null;
}

async function readFlag(
  file: string,
  line: number,
  flags: AsyncIterator<{ text: string }>,
): Promise<boolean> {
  const { done, value } = await flags.next();
  const text = done ? 'the end of the file' : value.text.trim();
  if (text !== '0' && text !== '1') throw new ResultFileError(`${file}:${line}`, '0 or 1', text);
  return text === '1';
}
