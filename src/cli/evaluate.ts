import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { addModelOptions, type ModelOptions } from './model-option.js';
import { count } from './option-values.js';
import { addTrackingOptions, type TrackingOptions } from './tracking-option.js';

/** Another tracker's results, as `--against` names them. */
export interface Against {
  readonly name: string;
  readonly folder: string;
}

export interface EvaluateCommandOptions extends ModelOptions, TrackingOptions {
  readonly out?: string;
  readonly results?: string;
  readonly report?: string;
  readonly against?: readonly Against[];
  readonly sequences?: string[];
  readonly zeroBased?: boolean;
  readonly starts?: number;
  readonly frames?: number;
  readonly absences?: boolean;
  readonly plain?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `siamtrack evaluate DIR`: how well, how fast and how honestly a tracker follows the targets of a data set. */
export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('one-pass evaluation over sequences in OTB, GOT-10k or TLD layout')
    .argument('<dir>', 'a folder of sequences, or one sequence')
    .option('-o, --out <folder>', 'write boxes, scores and states there; finished ones are taken from there')
    .option('--results <folder>', 'measure the results in this folder and run nothing')
    .option('--report <file>', 'write a report as one HTML file')
    .option('--against <name=folder>', "set another tracker's results beside it; repeatable", collectAgainst)
    .option('--sequences <names>', 'only these, separated by commas', (text) => text.split(','))
    .option('--starts <count>', 'follow each target from so many frames, spread evenly', count('--starts'))
    .option('--frames <count>', 'follow for so many frames at most', count('--frames', 2))
    .option('--absences', 'see each target turned away from, and covered, so that it is gone at times')
    .option('--plain', "the network's picks alone: no memory, extent, calibration, doubt or search by need")
    .option('--zero-based', 'the truth calls the top-left pixel 0,0 and not 1,1')
    .option('--force', 'compute finished results anew')
    .option('--json', 'print the report as JSON');
  addModelOptions(addTrackingOptions(command)).action(
    lazily(async () => (await import('./run/evaluate.js')).evaluateFolder),
  );
  addExamples(
    command,
    'evaluate sequences/ --out results/ --report report.html',
    'evaluate sequences/ --starts 3 --frames 500',
    'evaluate sequences/ --absences',
    'evaluate sequences/ --results other-tracker/ --json',
    'evaluate sequences/ --report report.html --against NanoTrack=nano/ --against KCF=kcf/',
  );
}

/** Collects the values of a repeatable option `--against NAME=FOLDER`. */
function collectAgainst(text: string, before: readonly Against[] = []): Against[] {
  const at = text.indexOf('=');
  const [name, folder] = [text.slice(0, at).trim(), text.slice(at + 1)];
  if (at < 0 || name === '' || folder === '') {
    throw new InvalidArgumentError(
      '--against',
      "NAME=FOLDER, a name and the folder of that tracker's results",
      text,
    );
  }
  if (before.some((other) => other.name === name)) {
    throw new InvalidArgumentError('--against', 'a name for each folder', name);
  }
  return [...before, { name, folder }];
}
