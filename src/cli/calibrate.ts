import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { addModelOptions, type ModelOptions } from './model-option.js';
import { count } from './option-values.js';

export interface CalibrateCommandOptions extends ModelOptions {
  readonly starts?: number;
  readonly bothWays?: boolean;
  readonly zeroBased?: boolean;
  readonly write?: boolean;
  readonly json?: boolean;
}

/** `siamtrack calibrate DIR`: makes a model's scores probabilities. */
export function registerCalibrate(program: Command): void {
  const command = program
    .command('calibrate')
    .description("fit what a model's scores mean to sequences whose truth is known")
    .argument('<dir>', 'a folder of sequences that the model will not be judged by')
    .option('--starts <count>', 'follow each target from so many frames, spread evenly', count('--starts'))
    .option('--both-ways', 'follow each target backwards, too')
    .option('--zero-based', 'the truth calls the top-left pixel 0,0 and not 1,1')
    .option('--write', "write the calibration into the model's model.json")
    .option('--json', 'print the result as JSON');
  addModelOptions(command).action(lazily(async () => (await import('./run/calibrate.js')).calibrateModel));
  addExamples(
    command,
    'calibrate my-clips/ --model my-model/',
    'calibrate my-clips/ --model my-model/ --starts 3 --both-ways --write',
  );
}
