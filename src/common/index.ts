export { type Box, iou } from './box.js';
export { cacheFolder } from './cache-folder.js';
export { InvalidArgumentError, SiamtrackError } from './errors.js';
export { packageRoot, packageVersion } from './package-root.js';
export type { I420Picture } from './picture.js';
export { isSoftwareGpu } from './software-gpu.js';
export { ensureBytes, instantiate, type WasmMemory } from './wasm.js';
export { workerFile } from './worker-file.js';
