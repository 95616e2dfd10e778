import { dirname } from 'node:path';
import { InvalidArgumentError } from '../../common/index.js';
import type { BoxMessage } from '../box-message.js';
import { RESULT_FORMATS, type ResultFormat } from '../names.js';
import { writeCocoVid } from './coco-vid-write.js';
import { writeCvat } from './cvat-write.js';
import { isGot10kFile, writeGot10k } from './got10k.js';
import { writeJsonLines } from './json-lines-file.js';
import { writeLabelStudio } from './label-studio.js';
import { writeMot } from './mot.js';
import { writeOnvif } from './onvif.js';
import { ordered } from './ordered.js';
import { isOtbFile, writeOtb } from './otb.js';
import type { ResultSource } from './result-format.js';
import { Spool } from './spool.js';
import { type Survey, survey } from './survey.js';
import { TargetFolder } from './target-folder.js';
import { TextFile } from './text-file.js';
import { isVotFile, writeVot } from './vot.js';
import { writeWebVtt } from './webvtt.js';
import type { FileWriter, FolderWriter, WriteJob } from './write-job.js';

/** How results are written. */
export interface WriteOptions {
  /** Wall-clock time of pts 0, for formats that tell it (ONVIF) and messages that do not. Default the epoch. */
  readonly startTime?: Date;
  /** Gives up when aborted, with the signal's reason, and leaves no trace. */
  readonly signal?: AbortSignal;
}

type Writer =
  | { readonly file: FileWriter }
  | { readonly folder: FolderWriter; readonly own: (path: string) => boolean };

const WRITERS: Readonly<Record<ResultFormat, Writer>> = {
  jsonl: { file: (out, { messages }) => writeJsonLines(out, messages()) },
  mot: { file: writeMot },
  cvat: { file: writeCvat },
  'coco-vid': { file: writeCocoVid },
  vot: { folder: writeVot, own: isVotFile },
  otb: { folder: writeOtb, own: isOtbFile },
  got10k: { folder: writeGot10k, own: isGot10kFile },
  'label-studio': { file: writeLabelStudio },
  webvtt: { file: writeWebVtt },
  onvif: { file: writeOnvif },
};

/**
 * Writes the results of one video in a format. The file, or the folder of a format with one folder for each target, appears
 * whole; memory does not grow with the number of frames.
 *
 * @param messages the results from their start, frames rising; called once for each time they are read, at most twice
 * @param source facts about the video
 * @param out the file or folder to make
 * @returns the paths of all files written
 * @throws {OutputError} where they cannot be written
 * @throws {ResultFileError} where frames do not rise, or a target is in a frame twice
 */
export async function writeResults(
  format: ResultFormat,
  messages: () => AsyncIterable<BoxMessage>,
  source: ResultSource,
  out: string,
  { startTime = new Date(0), signal }: WriteOptions = {},
): Promise<readonly string[]> {
  if (!Object.hasOwn(WRITERS, format)) {
    throw new InvalidArgumentError('format', RESULT_FORMATS.join(', '), format);
  }
  const spool = new Spool(dirname(out));
  let surveyed: Promise<Survey> | undefined;
  const read = () => ordered(source.name, messages(), signal);
  const job: WriteJob = {
    messages: read,
    source,
    survey: () => {
      surveyed ??= survey(read(), source);
      return surveyed;
    },
    spool,
    startTime: startTime.getTime(),
  };
  try {
    const writer = WRITERS[format];
    if ('file' in writer) {
      const file = await TextFile.open(out);
      await orDiscard(file, () => writer.file(file, job));
      await file.finish();
      return [out];
    }
    const folder = await TargetFolder.open(out, writer.own);
    return await orDiscard(folder, async () => {
      await writer.folder(folder, job);
      return folder.finish();
    });
  } finally {
    await spool.discard();
  }
}

async function orDiscard<T>(output: { discard(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await output.discard();
    throw error;
  }
}
