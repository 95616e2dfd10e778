import type { EvaluationReport } from './evaluate.js';
import type { HonestMeasures, RecoverySummary } from './honest/index.js';

const NAME_WIDTH = 24;

const HEADINGS = [
  'absent',
  'AUROC',
  '+abs',
  'ECE',
  '+abs',
  'pres.F',
  'abs.F',
  'LT-F',
  'best',
  'back',
  'after',
  'drifts',
  'after',
  'jitter',
];

/** The second table: {@link HonestMeasures} of every target and of all frames together. `-` stands where there is nothing to measure. */
export function formatHonesty({ sequences, honest }: EvaluationReport): string {
  const rows = sequences.map((row) => line(row.sequence, cellsOf(row.honest)));
  return [line('honesty', HEADINGS), ...rows, line('all frames', cellsOf(honest))].join('\n');
}

/** Means and pooled measures of several trackers, one a line. */
export function formatComparison(trackers: readonly { name: string; report: EvaluationReport }[]): string {
  const headings = [
    'AUC',
    'P@20',
    'AO',
    'AUROC',
    'ECE',
    'pres.F',
    'abs.F',
    'LT-F',
    'best',
    'back',
    'drifts',
    'jitter',
  ];
  const rows = trackers.map(({ name, report: { mean, honest } }) =>
    line(name, [
      number(mean.auc),
      number(mean.precision),
      number(mean.ao),
      number(honest.score?.auroc),
      number(honest.score?.ece),
      number(honest.presence?.f),
      number(honest.absence?.f),
      number(honest.tracking?.f),
      number(honest.bestTracking?.f),
      found(honest.absences),
      found(honest.drifts),
      number(honest.jitter.centre),
    ]),
  );
  return [line('side by side', headings), ...rows].join('\n');
}

function cellsOf(honest: HonestMeasures): string[] {
  const { absent, score, presence, absence, tracking, bestTracking, absences, drifts, jitter } = honest;
  return [
    String(absent),
    number(score?.auroc),
    number(score?.aurocWithAbsent),
    number(score?.ece),
    number(score?.eceWithAbsent),
    number(presence?.f),
    number(absence?.f),
    number(tracking?.f),
    number(bestTracking?.f),
    found(absences),
    frames(absences),
    found(drifts),
    frames(drifts),
    number(jitter.centre),
  ];
}

function number(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(3);
}

function found({ count, found }: RecoverySummary): string {
  return count === 0 ? '-' : `${found}/${count}`;
}

function frames({ median }: RecoverySummary): string {
  if (Number.isNaN(median)) return '-';
  return median === Number.POSITIVE_INFINITY ? 'never' : String(median);
}

function line(name: string, cells: readonly string[]): string {
  return `${name.padEnd(NAME_WIDTH)} ${cells.map((text) => text.padStart(7)).join(' ')}`;
}
