export { annotate, copyPicture } from './annotate.js';
export {
  BoxMessage,
  boxMessage,
  type MessageFrame,
  type MessageTarget,
  TargetMessage,
  TargetState,
} from './box-message.js';
export { formatBoxes, formatScores, parseBox, round } from './box-text.js';
export { OutputError } from './error.js';
export {
  type FrameFacts,
  formatOfName,
  isFolderFormat,
  READABLE_FORMATS,
  RESULT_FORMATS,
  type ReadOptions,
  ResultFileError,
  type ResultFormat,
  type ResultSource,
  readResults,
  resultFileName,
  type WriteOptions,
  writeResults,
} from './exchange/index.js';
export { JsonLinesWriter } from './json-lines.js';
export { openPartFile, type PartFile } from './part-file.js';
export { PreviewWriter } from './preview.js';
