export { ResultFileError } from './error.js';
export { type ReadOptions, readResults } from './read.js';
export type { FrameFacts } from './records.js';
export {
  formatOfName,
  isFolderFormat,
  type ResultSource,
  resultFileName,
} from './result-format.js';
export { type WriteOptions, writeResults } from './write.js';
