import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SiamtrackError } from '../../common/index.js';
import type { TensorFlow } from '../load.js';
import { webGpuFolder, webGpuStatus } from './folder.js';

/** The adapter that WebGPU computes on, as its driver names it. */
export interface WebGpuAdapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** It passes for a GPU and is a program on the processor: right numbers, slowly. */
  readonly software: boolean;
}

/** TensorFlow.js on WebGPU. Its tensors can only be read asynchronously: `await t.data()`. */
export interface WebGpu {
  readonly tf: TensorFlow;
  readonly adapter: WebGpuAdapter;
}

interface Gpu {
  requestAdapter(options: { powerPreference: string }): Promise<Adapter | null>;
}
interface Adapter {
  readonly limits: Readonly<Record<string, number>>;
  readonly info: Readonly<Record<'vendor' | 'architecture' | 'description', string>> & {
    readonly isFallbackAdapter?: boolean;
  };
  requestDevice(options: { requiredLimits: Record<string, number> }): Promise<Device>;
}
interface Device {
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
}
interface Dawn {
  create(flags: readonly string[]): Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}
interface Backend {
  read(id: object): Promise<unknown>;
}
interface WebGpuPackage {
  readonly WebGPUBackend: new (device: Device, info: Adapter['info']) => Backend;
}

/** Limits that the backend's kernels make use of where a device has more than the least that WebGPU promises. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

const INSTALL = 'siamtrack engine install webgpu';

let loading: Promise<WebGpu> | undefined;
/** A device ends with the object it came from. */
let gpu: Gpu | undefined;

/**
 * Loads TensorFlow.js on WebGPU, as `siamtrack engine install webgpu` installed it. Loaded once per process.
 *
 * @param root where it is installed; default: the user's folder
 * @throws {SiamtrackError} `WEBGPU_MISSING` where it is not installed; `WEBGPU_BROKEN` where it cannot be loaded;
 *   `WEBGPU_NO_ADAPTER` where no driver offers a GPU
 */
export function loadWebGpu(root: string = webGpuFolder()): Promise<WebGpu> {
  loading ??= load(root).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(root: string): Promise<WebGpu> {
  const { folder, version } = webGpuStatus(root);
  if (version === undefined) {
    const message = `expected TensorFlow.js on WebGPU and found none in ${folder}; run: ${INSTALL}`;
    throw new SiamtrackError('WEBGPU_MISSING', message);
  }
  try {
    return await start(folder);
  } catch (cause) {
    if (cause instanceof SiamtrackError) throw cause;
    const message = `expected a working engine in ${folder}, which cannot be loaded; run: ${INSTALL} --force`;
    throw new SiamtrackError('WEBGPU_BROKEN', message, { cause });
  }
}

/** Loads the engine of a folder. @throws {SiamtrackError} `WEBGPU_NO_ADAPTER`; whatever loading it throws */
export async function start(folder: string): Promise<WebGpu> {
  const require = createRequire(join(folder, 'package.json'));
  const dawn = (await import(pathToFileURL(require.resolve('webgpu')).href)) as Dawn;
  // GPUBuffer, GPUMapMode and their likes, which the backend takes for a browser's.
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const tf = require('@tensorflow/tfjs') as TensorFlow;
  // Loaded where there is no `navigator.gpu`, so that it leaves the choice of device to us.
  const { WebGPUBackend } = require('@tensorflow/tfjs-backend-webgpu') as WebGpuPackage;
  gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    throw new SiamtrackError(
      'WEBGPU_NO_ADAPTER',
      'expected a GPU with a driver for Vulkan, Direct3D 12 or Metal, found none that WebGPU can use',
    );
  }
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  const backend = withNavigator(gpu, () => new WebGPUBackend(device, adapter.info));
  failReadsAfterErrors(backend, device);
  tf.registerBackend('webgpu', () => backend as ReturnType<TensorFlow['backend']>);
  await tf.setBackend('webgpu');
  const { vendor, architecture, description, isFallbackAdapter = false } = adapter.info;
  return { tf, adapter: { vendor, architecture, description, software: isFallbackAdapter } };
}

/** The backend's constructor asks for a browser's `navigator.gpu`. */
function withNavigator<T>(value: Gpu, make: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: value }, configurable: true });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

/** WebGPU reports errors (out of memory, a kernel it refuses) beside the calls: without this, wrong numbers would be read. */
function failReadsAfterErrors(backend: Backend, device: Device): void {
  let failed: string | undefined;
  device.addEventListener('uncapturederror', ({ error }) => {
    failed ??= error.message;
  });
  const read = backend.read.bind(backend);
  backend.read = async (id) => {
    const values = await read(id).catch((cause: Error) => {
      throw new SiamtrackError('ENGINE_FAILED', `WebGPU: ${failed ?? cause.message}`, { cause });
    });
    if (failed !== undefined) throw new SiamtrackError('ENGINE_FAILED', `WebGPU: ${failed}`);
    return values;
  };
}
