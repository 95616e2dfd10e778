import { InvalidArgumentError } from '../../common/index.js';
import {
  installTensorFlow,
  installWebGpu,
  tensorflowStatus,
  type WebGpuAdapter,
  webGpuStatus,
} from '../../tensorflow/index.js';
import type { InstallCommandOptions } from '../engine.js';

const onStep = (step: string) => process.stderr.write(`${step}...\n`);

/** Installs native TensorFlow, or TensorFlow.js on WebGPU. */
export async function install(name: string, options: InstallCommandOptions): Promise<void> {
  await (name === 'webgpu' ? installOnWebGpu(options) : installNative(options));
}

async function installOnWebGpu({ gpu, version, from, force }: InstallCommandOptions): Promise<void> {
  if (gpu) throw new InvalidArgumentError('--gpu', 'none with webgpu', gpu);
  if (version !== undefined) throw new InvalidArgumentError('--version', 'none with webgpu', version);
  const begun = performance.now();
  const installed = await installWebGpu({ from, force, onStep });
  const what = `TensorFlow.js on WebGPU (${installed.version})`;
  const seconds = Math.round((performance.now() - begun) / 1000);
  const how = installed.alreadyInstalled ? 'is installed already' : 'is installed';
  const time = installed.alreadyInstalled ? '' : ` (${seconds} s)`;
  process.stdout.write(`${what} ${how} in ${installed.folder}${time}\n`);
  if (installed.adapter !== undefined) process.stderr.write(`${describeAdapter(installed.adapter)}\n`);
}

function describeAdapter(adapter: WebGpuAdapter | null): string {
  if (!adapter)
    return 'No adapter was found: it needs a GPU with a driver for Vulkan (Linux, with libvulkan1), Direct3D 12 or Metal.';
  const software = adapter.software ? ' It is a program on the processor and no GPU: slow.' : '';
  return `It computes on ${adapter.description || adapter.vendor}.${software}`;
}

async function installNative(options: InstallCommandOptions): Promise<void> {
  const begun = performance.now();
  const { folder, record, alreadyInstalled, usesGpu } = await installTensorFlow({ ...options, onStep });
  const name = `TensorFlow ${record.version} (${record.variant})`;
  if (alreadyInstalled) {
    process.stdout.write(`${name} is installed already in ${folder}\n`);
    return;
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  process.stdout.write(`${name} is installed in ${folder} (${seconds} s)\n`);
  if (options.gpu && !usesGpu) {
    process.stderr.write(
      'No usable GPU was found: it computes on the processor. nvidia-smi says what the driver sees.\n',
    );
  }
}

/** Lists what is installed, and what is wrong with it. */
export function list({ json = false }: { readonly json?: boolean }): void {
  const status = tensorflowStatus();
  const webgpu = webGpuStatus();
  if (json) {
    process.stdout.write(`${JSON.stringify({ tensorflow: status, webgpu }, null, 2)}\n`);
    return;
  }
  for (const { version, variant, folder, used, problem } of status.engines) {
    const note = problem === undefined ? (used ? 'used' : '') : `damaged: ${problem}`;
    process.stdout.write(`${['tensorflow', version, variant, folder, note].join('  ').trimEnd()}\n`);
  }
  if (status.engines.length === 0) process.stdout.write(`tensorflow  not installed (${status.folder})\n`);
  const { version, folder, problem } = webgpu;
  if (version === undefined) process.stdout.write(`webgpu  not installed (${folder})\n`);
  else process.stdout.write(`webgpu  ${version}  ${folder}${problem ? `  damaged: ${problem}` : ''}\n`);
  if (status.advice !== undefined) process.stdout.write(`to put that right: ${status.advice}\n`);
}
