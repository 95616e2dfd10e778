export { type Checkpoint, CheckpointError, readCheckpoint, writeCheckpoint } from './checkpoint.js';
export { configSchema, readTrainConfig, type TrainConfig, TrainConfigError } from './config.js';
export { type LoadedEngine, loadTrainingEngine } from './engine.js';
export { type CalibrationCrops, type ExportDetails, exportModel } from './export.js';
export {
  type FineTuneOptions,
  fineTuneConfig,
  NoTrainingWeightsError,
  trainingWeightsOf,
} from './fine-tune.js';
export { grow, NetworkMismatchError } from './grow.js';
export * as losses from './losses.js';
export { multiplyAdds, type NetworkSpec, networkSchema } from './network-spec.js';
export { calibrationCrops } from './prepare.js';
export { TrainError, type TrainEvent, type TrainOptions, train } from './trainer.js';
