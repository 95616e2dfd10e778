import type { EvaluationReport, EvaluationRow } from './evaluate.js';
import { MEASURES } from './measures.js';

const HEADINGS = ['AUC', 'P@20', 'NormP', 'AO', 'SR.50', 'SR.75'];
const NAME_WIDTH = 24;

/** The heading of a table of {@link formatRow}s. */
export function formatHeading(): string {
  return line('sequence', 'frames', HEADINGS, ['tracker/s', 'all/s']);
}

/** One target as a line of text; `=` behind it says that its result was found finished. */
export function formatRow(row: EvaluationRow): string {
  const measures = MEASURES.map((name) => row[name].toFixed(3));
  const text = line(row.sequence, String(row.frames), measures, speeds(row));
  return row.reused ? `${text} =` : text;
}

/** The means as the last line of the table. */
export function formatMean({ sequences, mean }: EvaluationReport): string {
  const frames = sequences.reduce((sum, row) => sum + row.frames, 0);
  const measures = MEASURES.map((name) => mean[name].toFixed(4));
  return line(`mean of ${sequences.length}`, String(frames), measures, speeds(mean));
}

function speeds(row: Pick<EvaluationRow, 'trackerFps' | 'endToEndFps'>): string[] {
  return [row.trackerFps, row.endToEndFps].map((fps) => (fps === null ? '-' : fps.toFixed(1)));
}

function line(name: string, frames: string, measures: string[], rates: string[]): string {
  const cells = [
    frames.padStart(7),
    ...measures.map((text) => text.padStart(7)),
    ...rates.map((text) => text.padStart(10)),
  ];
  return `${name.padEnd(NAME_WIDTH)} ${cells.join(' ')}`;
}
