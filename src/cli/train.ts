import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import {
  type Checkpoint,
  calibrationCrops,
  exportModel,
  fineTuneConfig,
  loadTrainingEngine,
  readCheckpoint,
  readTrainConfig,
  TRAINING_ENGINES,
  type TrainConfig,
  type TrainEvent,
  type TrainingEngine,
  train,
  trainingWeightsOf,
} from '../train/index.js';
import { addExamples } from './examples.js';
import { createProgress, type Progress } from './progress.js';

interface TrainCommandOptions {
  readonly config?: string;
  readonly from?: string;
  readonly clips?: string;
  readonly zeroBased?: boolean;
  readonly out?: string;
  readonly steps?: number;
  readonly stopAfter?: number;
  readonly exportOnly?: boolean;
  readonly engine?: TrainingEngine;
}

/** `siamtrack train`: trains by a recipe, or goes on from a model on a user's own clips. */
export function registerTrain(program: Command): void {
  const command = program
    .command('train')
    .description(
      'train a model by a recipe, or fine-tune one on your own clips; a run that was cut off goes on',
    )
    .option('--config <file>', 'the recipe (YAML)')
    .option(
      '--from <model>',
      'start from the weights of this model: a shipped one ("default") or a model folder',
    )
    .option(
      '--clips <folder>',
      'with --from: clips in OTB layout (img/ beside groundtruth_rect.txt), or masks in the layout of DAVIS',
    )
    .option('--zero-based', 'with --clips: the truth calls the top-left pixel 0,0 and not 1,1')
    .option('--out <folder>', 'with --from: where checkpoints, metrics and the model go', 'siamtrack-train')
    .option('--steps <n>', 'with --from: steps of eight pairs (default: 600)', count)
    .addOption(
      new Option(
        '--engine <name>',
        'what computes; default: what the recipe says, else tensorflow where it is installed, else webgpu',
      ).choices(TRAINING_ENGINES),
    )
    .option('--stop-after <n>', 'stop after this many steps of this run', count)
    .option('--export-only', 'train no further: write the model folder of the last checkpoint')
    .action(run);
  addExamples(
    command,
    'train --from default --clips my-clips --out my-model',
    'track video.mp4 --box 120,80,40,60 --model my-model/model',
    'train --config recipe.yaml',
    'train --config larger.yaml --from my-model/model',
  );
}

function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('count', 'an integer >= 1', text);
  return n;
}

async function run(options: TrainCommandOptions): Promise<void> {
  const { config, start } = await recipe(options);
  if (!options.exportOnly) await runTraining(config, start, options);
  const [file] = ['best', 'last'].map((n) => join(config.output, `${n}.ckpt`)).filter((f) => existsSync(f));
  if (file === undefined) {
    throw new InvalidArgumentError('--export-only', `a checkpoint in ${config.output}`, 'none');
  }
  const folder = join(config.output, 'model');
  const details = { name: config.name, version: '1', ...config.model };
  await exportModel(await readCheckpoint(file), folder, details, await calibrationCrops(config));
  process.stdout.write(`${folder}\n`);
}

async function recipe(options: TrainCommandOptions): Promise<{ config: TrainConfig; start?: Checkpoint }> {
  const { config, from, clips } = options;
  if (config !== undefined) {
    if (clips !== undefined) throw new InvalidArgumentError('--clips', 'none beside --config', clips);
    const start = from === undefined ? undefined : (await trainingWeightsOf(from)).start;
    return { config: await readTrainConfig(config), start };
  }
  if (from === undefined || clips === undefined) {
    throw new InvalidArgumentError('train', '--config, or --from with --clips', from ?? clips ?? 'neither');
  }
  return fineTuneConfig({
    from,
    clips,
    clipsOneBased: !options.zeroBased,
    output: options.out ?? 'siamtrack-train',
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  });
}

async function runTraining(
  config: TrainConfig,
  start: Checkpoint | undefined,
  { stopAfter, engine }: TrainCommandOptions,
): Promise<void> {
  const { tf, description } = await loadTrainingEngine(engine ?? config.engine);
  process.stderr.write(`training with ${description}\n`);
  const stopping = new AbortController();
  // The first signal ends the run after its step, with a checkpoint; a second one ends it at once.
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const bar = createProgress('training', config.optimiser.steps, 'steps');
  let reading: { readonly bar: Progress; readonly total: number } | undefined;
  const onEvent = ({ kind, step, total, values }: TrainEvent) => {
    if (kind === 'decode') {
      // First the masks, where there are any, then the pictures.
      if (reading?.total !== total) {
        reading?.bar.stop();
        reading = { bar: createProgress('reading', total, 'pictures'), total };
      }
      reading.bar.update(step);
      return;
    }
    reading?.bar.stop();
    const shown = kind === 'step' ? { loss: values.total, 'pairs/s': values.pairsPerSecond } : values;
    const text = Object.entries(shown)
      .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
      .join('  ');
    bar.update(step, text);
    if (!process.stderr.isTTY) process.stderr.write(`${kind} ${step}/${config.optimiser.steps}  ${text}\n`);
  };
  try {
    await train(tf, config, {
      onEvent,
      signal: stopping.signal,
      ...(stopAfter === undefined ? {} : { stopAfter }),
      start,
    });
  } finally {
    reading?.bar.stop();
    bar.stop();
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}
