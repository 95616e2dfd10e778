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
export { JsonLinesWriter } from './json-lines.js';
export { READABLE_FORMATS, RESULT_FORMATS, type ResultFormat } from './names.js';
export { openPartFile, type PartFile } from './part-file.js';
export { PreviewWriter } from './preview.js';
