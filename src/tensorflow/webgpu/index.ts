export { type WebGpuStatus, webGpuStatus } from './folder.js';
export { installWebGpu, type WebGpuInstallOptions, type WebGpuInstallResult } from './install.js';
export { loadWebGpu, type WebGpu, type WebGpuAdapter } from './load.js';
