import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError } from '../../common/index.js';
import type { Sequence } from '../../datasets/index.js';
import {
  type EvaluationReport,
  measureResults,
  type OnRow,
  type Outcome,
  type ReportInput,
  type ReportTracker,
  ResultFolder,
  renderReport,
} from '../../evaluate/index.js';
import { OutputError, openPartFile } from '../../formats/index.js';
import type { Against } from '../evaluate.js';

/** Collects what a tracker's rows were measured from, on the way to a {@link ReportTracker}. */
export function outcomeCollector(onRow?: OnRow) {
  const outcomes: Outcome[] = [];
  return {
    onRow: ((row, outcome) => {
      outcomes.push(outcome);
      onRow?.(row, outcome);
    }) satisfies OnRow,
    toTracker: (name: string, report: EvaluationReport): ReportTracker => ({ name, report, outcomes }),
  };
}

/** Measures the results of other trackers. */
export async function measureAgainst(
  sequences: readonly Sequence[],
  against: readonly Against[],
  oneBased: boolean,
): Promise<ReportTracker[]> {
  const measured: ReportTracker[] = [];
  for (const { name, folder } of against) {
    const collector = outcomeCollector();
    const report = await measureResults(sequences, new ResultFolder(folder, { oneBased }), collector.onRow);
    measured.push(collector.toTracker(name, report));
  }
  return measured;
}

/** A place for the report, found out to be one before hours of work. */
export async function openReport(file: string) {
  const part = await openPartFile(file);
  return {
    discard: () => part.discard(),
    async write(input: ReportInput): Promise<void> {
      try {
        await writeFile(part.path, renderReport(input));
      } catch (cause) {
        await part.discard();
        throw cause instanceof InvalidArgumentError
          ? cause
          : new OutputError(file, (cause as Error).message, { cause });
      }
      await part.finish();
    },
  };
}
