import type { Command } from 'commander';
import { InvalidArgumentError, packageVersion } from '../common/index.js';
import { readSequences, type Sequence } from '../datasets/index.js';
import {
  digest,
  type EvaluationReport,
  type EvaluationRow,
  evaluate,
  formatHeading,
  formatMean,
  formatRow,
  measureResults,
  ResultFolder,
} from '../evaluate/index.js';
import type { Model } from '../model/index.js';
import { Tracker } from '../tracker/index.js';
import { addExamples } from './examples.js';
import { addModelOptions, loadChosenModel, type ModelOptions } from './model-option.js';
import { createProgress, type Progress } from './progress.js';

interface EvaluateCommandOptions extends ModelOptions {
  readonly out?: string;
  readonly results?: string;
  readonly sequences?: string[];
  readonly zeroBased?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `siamtrack evaluate DIR`: how well and how fast a tracker follows the targets of a data set. */
export function registerEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description('one-pass evaluation over sequences in OTB, GOT-10k or TLD layout')
    .argument('<dir>', 'a folder of sequences, or one sequence')
    .option('-o, --out <folder>', 'write result boxes and scores there; finished ones are taken from there')
    .option('--results <folder>', 'measure the results in this folder and run nothing')
    .option('--sequences <names>', 'only these, separated by commas', (text) => text.split(','))
    .option('--zero-based', 'the truth calls the top-left pixel 0,0 and not 1,1')
    .option('--force', 'compute finished results anew')
    .option('--json', 'print the report as JSON');
  addModelOptions(command).action(run);
  addExamples(
    command,
    'evaluate sequences/ --out results/',
    'evaluate sequences/ --results other-tracker/ --json',
  );
}

async function run(folder: string, options: EvaluateCommandOptions): Promise<void> {
  if (options.results !== undefined && options.out !== undefined) {
    throw new InvalidArgumentError(
      '--results',
      'no --out beside it, because nothing is computed',
      options.out,
    );
  }
  const oneBased = !options.zeroBased;
  const sequences = await readSequences(folder, { oneBased, only: options.sequences });
  if (options.results !== undefined) {
    const results = new ResultFolder(options.results, { oneBased });
    const report = await measureResults(sequences, results, createTable(options));
    printReport(report, { dataset: folder, results: options.results }, options);
    return;
  }
  const model = await loadChosenModel(options);
  try {
    const { manifest, precision } = model;
    const report = await evaluateModel(sequences, model, options, oneBased);
    const { name, version } = manifest;
    const about = { dataset: folder, model: { name, version, precision }, threads: options.threads };
    printReport(report, about, options);
  } finally {
    await model.dispose();
  }
}

async function evaluateModel(
  sequences: readonly Sequence[],
  model: Model,
  options: EvaluateCommandOptions,
  oneBased: boolean,
): Promise<EvaluationReport> {
  const progress = showProgress(sequences);
  const table = createTable(options);
  try {
    return await evaluate(sequences, {
      tracker: () => new Tracker(model),
      key: digest([packageVersion(), model.manifest, model.precision, options.provider, oneBased]),
      results: options.out === undefined ? undefined : new ResultFolder(options.out, { oneBased }),
      force: options.force,
      onFrame: ({ name }, frames) => progress.update(name, frames),
      onRow: (row) => {
        progress.finish();
        table(row);
      },
    });
  } finally {
    progress.finish();
  }
}

/** One bar a target, since a bar cannot stay below lines that go to another stream. */
function showProgress(sequences: readonly Sequence[]) {
  const totals = new Map(
    sequences.flatMap(({ targets }) => targets.map(({ name, boxes }) => [name, boxes.length])),
  );
  let bar: Progress | null = null;
  return {
    update(name: string, frames: number) {
      bar ??= createProgress(name, totals.get(name));
      bar.update(frames);
    },
    finish() {
      bar?.stop();
      bar = null;
    },
  };
}

/** Prints each target as soon as it is measured, under a heading; nothing where JSON is wanted. */
function createTable({ json }: EvaluateCommandOptions): (row: EvaluationRow) => void {
  let rows = 0;
  return (row) => {
    if (json) return;
    if (rows++ === 0) print(formatHeading());
    print(formatRow(row));
  };
}

function printReport(report: EvaluationReport, about: object, { json }: EvaluateCommandOptions): void {
  print(json ? JSON.stringify({ ...about, ...report }, null, 2) : formatMean(report));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
