import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import {
  DEFAULT_VERSION,
  installTensorFlow,
  installWebGpu,
  tensorflowStatus,
  type WebGpuAdapter,
  webGpuStatus,
} from '../tensorflow/index.js';
import { addExamples } from './examples.js';

const NAMES = ['tensorflow', 'webgpu'];

interface InstallCommandOptions {
  readonly gpu?: boolean;
  readonly version?: string;
  readonly from?: string;
  readonly force?: boolean;
}

/** `siamtrack engine`: the engines that do not come with the package. */
export function registerEngine(program: Command): void {
  // Otherwise the program's own --version answers `engine install tensorflow --version V`.
  program.enablePositionalOptions();
  const engine = program
    .command('engine')
    .description('install and list the engines that are not part of the package');
  addExamples(engine, 'engine install tensorflow', 'engine list --json');
  const installing = engine
    .command('install')
    .description('install native TensorFlow, or TensorFlow.js on WebGPU: training needs one of them')
    .argument('<name>', NAMES.join(' or '), checkName)
    .option(
      '--gpu',
      'tensorflow: the build for NVIDIA GPUs (several gigabytes); it uses the processor where there is no GPU',
    )
    .option(
      '--version <version>',
      `tensorflow: its version; default: the newest in --from, else ${DEFAULT_VERSION}`,
    )
    .option(
      '--from <folder>',
      'download nothing: take the wheel, or the library unpacked from it, from this folder; ' +
        'webgpu: the packages from the node_modules of this folder',
    )
    .option('--force', 'install again what is installed already')
    .action(install);
  addExamples(
    installing,
    'engine install tensorflow',
    'engine install tensorflow --from wheels/',
    'engine install webgpu',
  );
  const listing = engine
    .command('list')
    .description('list what is installed')
    .option('--json', 'print it as JSON')
    .action(list);
  addExamples(listing, 'engine list --json');
}

function checkName(name: string): string {
  if (!NAMES.includes(name)) throw new InvalidArgumentError('engine', NAMES.join(' or '), name);
  return name;
}

const onStep = (step: string) => process.stderr.write(`${step}...\n`);

async function install(name: string, options: InstallCommandOptions): Promise<void> {
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

function list({ json = false }: { readonly json?: boolean }): void {
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
