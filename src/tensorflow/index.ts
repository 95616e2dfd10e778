// Types of the methods on tensors (x.add(y)), which the runtime package registers by itself.
import type {} from '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';

export { EngineError, type EngineErrorCode } from './engine-error.js';
export { type EngineRecord, enginesFolder, type InstalledEngine } from './engine-folder.js';
export { type InstallOptions, type InstallResult, installTensorFlow } from './install.js';
export { type LoadOptions, loadTensorFlow, type TensorFlow } from './load.js';
export { type TensorFlowEngineStatus, type TensorFlowStatus, tensorflowStatus } from './status.js';
export {
  installWebGpu,
  loadWebGpu,
  type WebGpu,
  type WebGpuAdapter,
  type WebGpuInstallOptions,
  type WebGpuInstallResult,
  type WebGpuStatus,
  webGpuStatus,
} from './webgpu/index.js';
