export { IngestError, type IngestErrorCode } from './errors.js';
export type { Frame } from './frame.js';
export { type FrameHeader, FramePool, i420Size } from './frame-pool.js';
export { openSource } from './open-source.js';
export { rgbToI420 } from './rgb-to-i420.js';
export type { FrameSource, SourceInfo, SourceOptions, SourceWarning } from './source.js';
