export { type ChoiceRow, type EngineChoice, installedEngines, thisMachine } from './choice/index.js';
export { type Colour, meanColour, ycbcrToRgb } from './colour.js';
export { contextSide, cropLayout } from './context.js';
export { crossCorrelate, upsample } from './correlation.js';
export { type CropLayout, cropContext } from './crop.js';
export type { PictureCrop } from './cutout.js';
export { decodeScores } from './decode.js';
export type {
  Embedding,
  Embeddings,
  EncodeResult,
  Engine,
  EngineDescription,
  HeadMaps,
  Responded,
  RespondResult,
} from './engine.js';
export type { EngineEvent } from './engine-event.js';
export { ENGINE_NAMES, type EngineName } from './engine-name.js';
export {
  findManifest,
  type LoadOptions,
  loadModel,
  type Model,
  modelForStream,
  shippedModels,
  timeModel,
} from './load.js';
export {
  type BoxHead,
  type Calibration,
  ModelError,
  ModelManifest,
  type Precision,
  parseManifest,
  type SiamfcHead,
} from './manifest.js';
export type { FillCrop } from './request-queue.js';
export type { EncoderLoad, EncoderStats, SchedulerOptions } from './scheduler.js';
export { SharedEncoder } from './shared-encoder.js';
export {
  comparePictures,
  cosineSimilarity,
  euclideanDistance,
  peakCorrelation,
  type Similarity,
} from './similarity.js';
export { cropTemplate } from './template-crop.js';
export { maskOf, maskTemplate, shadeOf, type TemplateMask, type TemplateShade } from './template-mask.js';
