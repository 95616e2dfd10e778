import type { EvaluationReport } from '../evaluate.js';
import { SOON_FRAMES } from '../honest/index.js';
import { swatch } from './figure.js';
import { type Markup, tag } from './markup.js';
import type { Series } from './model.js';
import { type Cell, dataTable, type Heading } from './table.js';
import { foundOf, medianFrames, percent, rate, ratio } from './words.js';

/** The figures to begin with, and all trackers side by side. */
export function summarySection(series: readonly Series[]): Markup {
  return tag(
    'section',
    { id: 'summary' },
    tag('h2', { class: 'hidden' }, 'Summary'),
    tiles(tilesOf(series[0].report)),
    series.length > 1 ? sideBySide(series) : null,
  );
}

/** Rows of equally many tiles, as far as that goes. */
function tiles(all: readonly (Markup | null | false)[]): Markup {
  const shown = all.filter((one) => one !== null && one !== false);
  const columns = shown.length <= 7 ? shown.length : Math.ceil(shown.length / 2);
  return tag('dl', { class: `tiles c${Math.max(4, columns)}` }, shown);
}

function tilesOf({ mean, honest }: EvaluationReport): (Markup | null | false)[] {
  const { score, presence, absence, tracking, absences, drifts, jitter } = honest;
  return [
    tile('Success AUC', ratio(mean.auc), 'area under the success plot'),
    tile('Precision', ratio(mean.precision), 'centre at most 20 px off'),
    score && tile('AUROC', ratio(score.auroc), 'score tells hits from misses'),
    score && tile('Calibration error', ratio(score.ece), 'ECE, 0 is calibrated'),
    presence &&
      tile(
        'Presence F',
        ratio(presence.f),
        `precision ${ratio(presence.precision, 2)}, recall ${ratio(presence.recall, 2)}`,
      ),
    absence &&
      tile(
        'Absence F',
        ratio(absence.f),
        `precision ${ratio(absence.precision, 2)}, recall ${ratio(absence.recall, 2)}`,
      ),
    tracking &&
      tile(
        'Long-term F',
        ratio(tracking.f),
        `precision ${ratio(tracking.precision, 2)}, recall ${ratio(tracking.recall, 2)}`,
      ),
    absences.count > 0 &&
      tile(
        'Found back',
        foundOf(absences),
        `${absences.soon} within ${SOON_FRAMES} frames; median: ${medianFrames(absences)}`,
      ),
    drifts.count > 0 &&
      tile('Drifts recovered', foundOf(drifts), `frames until found, median: ${medianFrames(drifts)}`),
    jitter.pairs > 0 &&
      tile(
        'Jitter',
        percent(jitter.centre, 2),
        `of the diagonal, still target; truth ${percent(jitter.truthCentre, 2)}`,
      ),
    mean.trackerFps !== null && tile('Speed', rate(mean.trackerFps), 'updates per second, tracker alone'),
  ];
}

function tile(name: string, value: string, note: string): Markup {
  return tag(
    'div',
    {},
    tag('dt', {}, name),
    tag('dd', { class: 'figure' }, value),
    tag('dd', { class: 'note' }, note),
  );
}

interface Column extends Heading {
  readonly of: (report: EvaluationReport) => number | null | undefined;
  readonly show: (report: EvaluationReport) => string;
  /** Whether less is better, or neither. Default: more is. */
  readonly better?: 'less' | 'neither';
}

function shareColumn(
  name: string,
  hint: string,
  of: (report: EvaluationReport) => number | null | undefined,
  better?: Column['better'],
): Column {
  return { name, hint, of, show: (report) => ratio(of(report)), better };
}

const COLUMNS: readonly Column[] = [
  shareColumn('AUC', 'area under the success plot', ({ mean }) => mean.auc),
  shareColumn('P@20', 'share of frames whose centre is at most 20 px off', ({ mean }) => mean.precision),
  shareColumn('NormP', 'area under the normalised precision plot', ({ mean }) => mean.normalisedPrecision),
  shareColumn('AO', 'average overlap', ({ mean }) => mean.ao),
  shareColumn('SR.50', 'share of frames with an overlap above 0.5', ({ mean }) => mean.sr50),
  shareColumn('AUROC', 'how well the score tells hits from misses', ({ honest }) => honest.score?.auroc),
  shareColumn('ECE', 'expected calibration error', ({ honest }) => honest.score?.ece, 'less'),
  shareColumn('presence F', 'whether the target is there', ({ honest }) => honest.presence?.f),
  shareColumn('absence F', 'whether the target is absent', ({ honest }) => honest.absence?.f),
  shareColumn('LT-F', 'VOT-LT F by the states of the tracker', ({ honest }) => honest.tracking?.f),
  shareColumn(
    'best LT-F',
    'VOT-LT F by the best threshold on the score',
    ({ honest }) => honest.bestTracking?.f,
  ),
  {
    name: 'found back',
    hint: 'found again after absences',
    of: ({ honest: { absences } }) => (absences.count ? absences.found / absences.count : null),
    show: ({ honest }) => foundOf(honest.absences),
  },
  {
    name: 'drifts',
    hint: 'found again after drifts',
    of: ({ honest: { drifts } }) => (drifts.count ? drifts.found / drifts.count : null),
    show: ({ honest }) => foundOf(honest.drifts),
    better: 'neither',
  },
  {
    name: 'jitter',
    hint: 'movement of the centre on a still target, parts of its diagonal',
    of: ({ honest }) => honest.jitter.centre,
    show: ({ honest }) => percent(honest.jitter.centre, 2),
    better: 'less',
  },
];

function sideBySide(series: readonly Series[]): Markup {
  // A column that no tracker has anything for would only take room.
  const columns = COLUMNS.filter(({ of }) => series.some(({ report }) => isNumber(of(report))));
  const rows = series.map((one) => [
    tag('span', { class: 'named' }, swatch(one), one.name),
    ...columns.map((column): Cell => {
      const value = column.of(one.report);
      return {
        value: isNumber(value) ? value : Number.NaN,
        content: column.show(one.report),
        best: isNumber(value) && value === bestOf(column, series),
      };
    }),
  ]);
  return dataTable('Trackers side by side, the best of each measure in bold', ['tracker', ...columns], rows, {
    sortable: true,
  });
}

function bestOf({ of, better }: Column, series: readonly Series[]): number {
  const values = series.map(({ report }) => of(report)).filter(isNumber);
  if (better === 'neither' || values.every((value) => value === values[0])) return Number.NaN;
  return better === 'less' ? Math.min(...values) : Math.max(...values);
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}
