import type { BoxMessage } from '../box-message.js';
import type { ResultSource } from './result-format.js';
import type { Spool } from './spool.js';
import type { Survey } from './survey.js';
import type { FolderSink } from './target-folder.js';
import type { TextSink } from './text-file.js';

/** What a format's writer works from. */
export interface WriteJob {
  /** The results from their start, frames rising; call it once for each time they are read. */
  readonly messages: () => AsyncIterable<BoxMessage>;
  readonly source: ResultSource;
  /** Reads all messages once, at the first call. */
  readonly survey: () => Promise<Survey>;
  /** For what must be written in another order than it is read. */
  readonly spool: Spool;
  /** Wall-clock time of pts 0, milliseconds since the epoch. */
  readonly startTime: number;
}

/** Writes a format that is one file. */
export type FileWriter = (out: TextSink, job: WriteJob) => Promise<void>;

/** Writes a format that is a folder. */
export type FolderWriter = (out: FolderSink, job: WriteJob) => Promise<void>;
