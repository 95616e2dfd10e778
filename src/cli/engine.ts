import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { DEFAULT_VERSION, installTensorFlow, tensorflowStatus } from '../tensorflow/index.js';
import { addExamples } from './examples.js';

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
    .description('install native TensorFlow, which training needs')
    .argument('<name>', 'tensorflow', checkName)
    .option(
      '--gpu',
      'the build for NVIDIA GPUs (several gigabytes); it uses the processor where there is no GPU',
    )
    .option(
      '--version <version>',
      `TensorFlow's version; default: the newest in --from, else ${DEFAULT_VERSION}`,
    )
    .option(
      '--from <folder>',
      'download nothing: take the wheel, or the library unpacked from it, from this folder',
    )
    .option('--force', 'install again what is installed already')
    .action(install);
  addExamples(installing, 'engine install tensorflow', 'engine install tensorflow --from wheels/');
  const listing = engine
    .command('list')
    .description('list what is installed')
    .option('--json', 'print it as JSON')
    .action(list);
  addExamples(listing, 'engine list --json');
}

function checkName(name: string): string {
  if (name !== 'tensorflow') throw new InvalidArgumentError('engine', 'tensorflow', name);
  return name;
}

async function install(_name: string, options: InstallCommandOptions): Promise<void> {
  const begun = performance.now();
  const onStep = (step: string) => process.stderr.write(`${step}...\n`);
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
  if (json) {
    process.stdout.write(`${JSON.stringify({ tensorflow: status }, null, 2)}\n`);
    return;
  }
  for (const { version, variant, folder, used, problem } of status.engines) {
    const note = problem === undefined ? (used ? 'used' : '') : `damaged: ${problem}`;
    process.stdout.write(`${['tensorflow', version, variant, folder, note].join('  ').trimEnd()}\n`);
  }
  if (status.engines.length === 0) process.stdout.write(`tensorflow  not installed (${status.folder})\n`);
  if (status.advice !== undefined) process.stdout.write(`to put that right: ${status.advice}\n`);
}
