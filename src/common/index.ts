export { type Box, iou } from './box.js';
export { InvalidArgumentError, SiamtrackError } from './errors.js';
export type { I420Picture } from './picture.js';
