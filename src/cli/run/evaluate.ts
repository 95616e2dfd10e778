import { basename, resolve } from 'node:path';
import { InvalidArgumentError, packageVersion } from '../../common/index.js';
import { fromStarts, readSequences, type Sequence, withAbsences } from '../../datasets/index.js';
import {
  digest,
  type EvaluationReport,
  type EvaluationRow,
  evaluate,
  formatComparison,
  formatHeading,
  formatHonesty,
  formatMean,
  formatRow,
  frameSizeOf,
  measureResults,
  type OnRow,
  type ReportInput,
  type ReportTracker,
  ResultFolder,
} from '../../evaluate/index.js';
import type { Model } from '../../model/index.js';
import { Tracker } from '../../tracker/index.js';
import type { EvaluateCommandOptions } from '../evaluate.js';
import { trackerOptionsOf } from '../tracking-option.js';
import { loadChosenModel } from './chosen-model.js';
import { measureAgainst, openReport, outcomeCollector } from './evaluate-report.js';
import { createProgress, type Progress } from './progress.js';

/** Runs the model on the sequences, or measures results that are there, and tells how good they are. */
export async function evaluateFolder(folder: string, options: EvaluateCommandOptions): Promise<void> {
  if (options.results !== undefined && options.out !== undefined) {
    throw new InvalidArgumentError(
      '--results',
      'no --out beside it, because nothing is computed',
      options.out,
    );
  }
  const oneBased = !options.zeroBased;
  const whole = await readSequences(folder, { oneBased, only: options.sequences });
  const sequences = await seenAs(fromStarts(whole, options), options);
  // Whatever can be wrong with what was asked for comes to light before the long part.
  const others = await measureAgainst(sequences, options.against ?? [], oneBased);
  const file = options.report === undefined ? null : await openReport(options.report);
  try {
    const { tracker, about, facts } = await (options.results === undefined
      ? runModel(sequences, options, oneBased)
      : measureFolder(sequences, options.results, options, oneBased));
    print(options.json ? toJson({ dataset: folder, ...about }, tracker, others) : tables(tracker, others));
    await file?.write({ dataset: basename(resolve(folder)), tracker, against: others, facts });
  } finally {
    await file?.discard();
  }
}

/** The sequences themselves, or seen so that their targets are gone at times. */
async function seenAs(
  sequences: readonly Sequence[],
  { absences }: EvaluateCommandOptions,
): Promise<readonly Sequence[]> {
  if (!absences) return sequences;
  const views = await withAbsences(sequences, frameSizeOf);
  if (views.length > 0) return views;
  const expected = 'sequences of more than 50 frames, with targets that leave room beside them';
  throw new InvalidArgumentError('--absences', expected, 'none');
}

/** A tracker's results, and what to say of them. */
interface Evaluated {
  readonly tracker: ReportTracker;
  /** For JSON. */
  readonly about: object;
  /** For the head of the HTML report. */
  readonly facts: ReportInput['facts'];
}

async function measureFolder(
  sequences: readonly Sequence[],
  folder: string,
  options: EvaluateCommandOptions,
  oneBased: boolean,
): Promise<Evaluated> {
  const collector = outcomeCollector(createTable(options));
  const report = await measureResults(sequences, new ResultFolder(folder, { oneBased }), collector.onRow);
  const name = basename(resolve(folder));
  return { tracker: collector.toTracker(name, report), about: { results: folder }, facts: [] };
}

async function runModel(
  sequences: readonly Sequence[],
  options: EvaluateCommandOptions,
  oneBased: boolean,
): Promise<Evaluated> {
  const model = await loadChosenModel(options);
  try {
    const { manifest, precision } = model;
    const { name, version } = manifest;
    const { threads } = options;
    const collector = outcomeCollector(createTable(options));
    const report = await evaluateModel(sequences, model, options, oneBased, collector.onRow);
    return {
      tracker: collector.toTracker(`${name} ${version}`, report),
      about: { model: { name, version, precision }, threads },
      facts: [
        ['weights', precision],
        ['threads', String(threads)],
      ],
    };
  } finally {
    await model.dispose();
  }
}

async function evaluateModel(
  sequences: readonly Sequence[],
  model: Model,
  options: EvaluateCommandOptions,
  oneBased: boolean,
  onRow: OnRow,
): Promise<EvaluationReport> {
  const progress = showProgress(sequences);
  const tracking = { ...trackerOptionsOf(options), ...(options.plain && { plain: true }) };
  try {
    return await evaluate(sequences, {
      tracker: () => new Tracker(model, tracking),
      key: digest([
        packageVersion(),
        model.manifest,
        model.precision,
        model.choice.engine,
        oneBased,
        tracking,
      ]),
      results: options.out === undefined ? undefined : new ResultFolder(options.out, { oneBased }),
      force: options.force,
      onFrame: ({ name }, frames) => progress.update(name, frames),
      onRow: (row, outcome) => {
        progress.finish();
        onRow(row, outcome);
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

/** What comes below the rows of the first table. */
function tables({ name, report }: ReportTracker, others: readonly ReportTracker[]): string {
  const parts = [formatMean(report), '', formatHonesty(report)];
  if (others.length > 0) parts.push('', formatComparison([{ name, report }, ...others]));
  return parts.join('\n');
}

function toJson(about: object, { report }: ReportTracker, others: readonly ReportTracker[]): string {
  const against = others.map((other) => ({ name: other.name, ...other.report }));
  return JSON.stringify({ ...about, ...report, ...(others.length > 0 && { against }) }, null, 2);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
