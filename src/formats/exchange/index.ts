export { ResultFileError } from './error.js';
export { READABLE_FORMATS, type ReadOptions, readResults } from './read.js';
export type { FrameFacts } from './records.js';
export {
  formatOfName,
  isFolderFormat,
  RESULT_FORMATS,
  type ResultFormat,
  type ResultSource,
  resultFileName,
} from './result-format.js';
export { type WriteOptions, writeResults } from './write.js';
