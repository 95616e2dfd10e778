import { tmpdir } from 'node:os';
import { InvalidArgumentError } from '../../common/index.js';
import type { BoxMessage } from '../box-message.js';
import { READABLE_FORMATS, type ResultFormat } from '../names.js';
import { readCocoVid } from './coco-vid-read.js';
import { readCvat } from './cvat-read.js';
import { readGot10k } from './got10k.js';
import { readJsonLines } from './json-lines-file.js';
import { readMot } from './mot.js';
import { ordered } from './ordered.js';
import { readOtb } from './otb.js';
import { completeRecords, type FrameFacts, type RecordFile } from './records.js';
import type { ResultSource } from './result-format.js';
import { readVot } from './vot.js';

/** How results are read back. */
export interface ReadOptions {
  /** Every frame of the video in order: pts and sizes are taken from there and not from the source's rate and size. */
  readonly frames?: AsyncIterable<FrameFacts>;
}

const READERS: Readonly<
  Record<Exclude<(typeof READABLE_FORMATS)[number], 'jsonl'>, (path: string) => RecordFile>
> = {
  mot: (path) => ({ boxes: readMot(path) }),
  cvat: readCvat,
  'coco-vid': readCocoVid,
  vot: readVot,
  otb: readOtb,
  got10k: readGot10k,
};

/**
 * Reads results back, one message at a time, frames rising. Formats without scores give 1, those without names give numbers.
 *
 * @param path a file, or the folder of a format with one folder for each target
 * @param source facts about the video that the format does not hold: the frame rate (all but JSON lines) and the size (MOT, VOT, OTB,
 * GOT-10k)
 * @throws {ResultFileError} where the file is not what its format asks for; the line is named
 * @throws {InvalidArgumentError} where a fact is missing, or the format holds too little to be read back
 */
export function readResults(
  format: ResultFormat,
  path: string,
  source?: ResultSource,
  { frames }: ReadOptions = {},
): AsyncIterable<BoxMessage> {
  if (format === 'jsonl') return ordered(path, readJsonLines(path));
  const read = READERS[format as keyof typeof READERS];
  if (!read) throw new InvalidArgumentError('format', `one of ${READABLE_FORMATS.join(', ')}`, format);
  return ordered(path, completeRecords(path, read(path), source, tmpdir(), frames));
}
