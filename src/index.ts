export { type Box, type I420Picture, InvalidArgumentError, iou, SiamtrackError } from './common/index.js';
