export { type FrameSize, withAbsences } from './absences.js';
export { backwards } from './backwards.js';
export { type BoxLineOptions, parseBoxLines, readBoxFile } from './box-lines.js';
export { type CocoImage, type CocoObject, readCocoAnnotations } from './coco.js';
export { DatasetError } from './error.js';
export { readGot10kSequence } from './got10k.js';
export {
  listMaskSequences,
  looksLikeMasks,
  type MaskSequence,
  type MaskTarget,
  readMaskTargets,
} from './masks.js';
export { readOtbFolder, readOtbSequence } from './otb.js';
export type { AnnotationOptions, FrameView, Sequence, SequenceTarget } from './sequence.js';
export { type ReadSequencesOptions, readSequences } from './sequences.js';
export { fromStarts, type StartsOptions } from './starts.js';
export { readVideoSequence } from './video.js';
