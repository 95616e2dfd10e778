import { constants, copyFile, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readResults, resultFileName, writeResults } from '../formats/exchange/index.js';
import { OutputError, openPartFile, PreviewWriter, type ResultFormat } from '../formats/index.js';
import { openSource } from '../ingest/index.js';
import { syncFile, syncFolder } from './durable.js';
import { BatchError } from './errors.js';
import type { BatchJob } from './job.js';
import type { Ending } from './state-folder.js';

/** Where the canonical record of a video lies: its JSON lines, from which every other output is made. */
export function recordFile({ out, name }: Pick<BatchJob, 'out' | 'name'>): string {
  return join(out, resultFileName('jsonl', name));
}

/** The outputs a job is to have besides its record. */
function wanted({
  out,
  name,
  formats,
  video,
}: BatchJob): { readonly file: string; readonly format?: ResultFormat }[] {
  const files = formats
    .filter((format, k) => format !== 'jsonl' && formats.indexOf(format) === k)
    .map((format) => ({ file: join(out, resultFileName(format, name)), format }));
  return video ? [...files, { file: join(out, `${name}.boxes.mp4`) }] : files;
}

/** Whether a job has every output besides its record. */
export async function allOutputsThere(job: BatchJob): Promise<boolean> {
  const found = await Promise.all(wanted(job).map(({ file }) => stat(file).catch(() => null)));
  return found.every((one) => one !== null);
}

/** Puts the record in its place. @throws {OutputError} */
export async function publishRecord(job: BatchJob, from: string): Promise<void> {
  const file = recordFile(job);
  await makeFolder(file);
  const part = await openPartFile(file);
  try {
    await copyFile(from, part.path, constants.COPYFILE_FICLONE);
    await syncFile(part.path);
  } catch (cause) {
    await part.discard();
    throw new OutputError(file, (cause as Error).message, { cause });
  }
  await part.finish();
  await syncFolder(dirname(file));
}

/**
 * Makes the outputs that are missing from the record that is in its place. Each appears whole.
 *
 * @param all makes those that are there, too
 * @param path where the input lies on this machine, for the annotated video; `null` where it is not at hand
 */
export async function writeOutputs(
  job: BatchJob,
  ending: Ending,
  {
    all,
    path,
    signal,
  }: { readonly all: boolean; readonly path: () => Promise<string>; readonly signal?: AbortSignal },
): Promise<void> {
  for (const { file, format } of wanted(job)) {
    signal?.throwIfAborted();
    if (!all && (await stat(file).catch(() => null))) continue;
    await makeFolder(file);
    if (format === undefined) await renderVideo(job, ending, file, await path(), signal);
    else {
      const { frames: frameCount, source } = ending;
      const facts = { name: job.name, frameCount, ...source };
      await writeResults(format, () => readResults('jsonl', recordFile(job)), facts, file);
    }
    if ((await stat(file)).isFile()) await syncFile(file);
    await syncFolder(dirname(file));
  }
}

/** Decodes the input once more and draws the record's boxes. */
async function renderVideo(
  job: BatchJob,
  { source: { frameRate } }: Ending,
  file: string,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const lines = readResults('jsonl', recordFile(job))[Symbol.asyncIterator]();
  let line = (await lines.next()).value;
  if (!line) return;
  const preview = await PreviewWriter.open(file, { fps: frameRate ?? job.fps });
  try {
    const source = await openSource(path, { fps: job.fps, start: { frame: line.frame }, signal });
    for await (const frame of source) {
      try {
        if (!line) break;
        if (frame.index !== line.frame) continue;
        await preview.write(frame, line.targets);
        line = (await lines.next()).value;
      } finally {
        frame.release();
      }
    }
    if (line)
      throw new BatchError(
        'INPUT_CHANGED',
        `${path}: expected frame ${line.frame} again, got a source that ends before it`,
      );
    await preview.close();
  } catch (error) {
    await preview.abort();
    throw error;
  } finally {
    await lines.return?.();
  }
}

async function makeFolder(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
  } catch (cause) {
    throw new OutputError(file, (cause as Error).message, { cause });
  }
}
