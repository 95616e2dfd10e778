import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { DEFAULT_VERSION } from '../tensorflow/names.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';

const NAMES = ['tensorflow', 'webgpu'];

export interface InstallCommandOptions {
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
    .action(lazily(async () => (await import('./run/engine.js')).install));
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
    .action(lazily(async () => (await import('./run/engine.js')).list));
  addExamples(listing, 'engine list --json');
}

function checkName(name: string): string {
  if (!NAMES.includes(name)) throw new InvalidArgumentError('engine', NAMES.join(' or '), name);
  return name;
}
