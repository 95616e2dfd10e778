import { type Command, Option } from 'commander';
import { TRAINING_ENGINES, type TrainingEngine } from '../train/names.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { count } from './option-values.js';

export interface TrainCommandOptions {
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
    .option('--steps <n>', 'with --from: steps of eight pairs (default: 600)', count('--steps'))
    .addOption(
      new Option(
        '--engine <name>',
        'what computes; default: what the recipe says, else tensorflow where it is installed, else webgpu',
      ).choices(TRAINING_ENGINES),
    )
    .option('--stop-after <n>', 'stop after this many steps of this run', count('--stop-after'))
    .option('--export-only', 'train no further: write the model folder of the last checkpoint')
    .action(lazily(async () => (await import('./run/train.js')).trainModel));
  addExamples(
    command,
    'train --from default --clips my-clips --out my-model',
    'track video.mp4 --box 120,80,40,60 --model my-model/model',
    'train --config recipe.yaml',
    'train --config larger.yaml --from my-model/model',
  );
}
