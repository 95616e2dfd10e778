import { type HonestMeasures, judge, type RecoverySummary } from '../honest/index.js';
import type { Measures } from '../measures.js';
import { happeningsOf } from './happenings.js';
import { type Markup, tag } from './markup.js';
import type { Series } from './model.js';
import { type Cell, dataTable, type Heading } from './table.js';
import { timeline } from './timeline.js';
import { counted, medianFrames, percent, rate, ratio } from './words.js';

/** Events listed of one sequence at most. */
const LISTED = 200;

/** Timelines that stand open at once; where there are more, all but the first are folded. */
const OPEN = 40;

interface Column extends Heading {
  /** Of a row, or of the means and all frames. */
  readonly of: (row: Figures) => Cell;
}

/** What a row and the foot have in common. */
interface Figures extends Measures {
  readonly frames: number;
  readonly trackerFps: number | null;
  readonly honest: HonestMeasures;
}

const COLUMNS: readonly Column[] = [
  { name: 'frames', hint: 'frames followed, the given one included', of: ({ frames }) => whole(frames) },
  { name: 'absent', hint: 'frames in which the target is absent', of: ({ honest }) => whole(honest.absent) },
  { name: 'AUC', hint: 'area under the success plot', of: ({ auc }) => share(auc) },
  {
    name: 'P@20',
    hint: 'share of frames whose centre is at most 20 px off',
    of: ({ precision }) => share(precision),
  },
  {
    name: 'NormP',
    hint: 'area under the normalised precision plot',
    of: (row) => share(row.normalisedPrecision),
  },
  { name: 'AO', hint: 'average overlap', of: ({ ao }) => share(ao) },
  { name: 'SR.50', hint: 'share of frames with an overlap above 0.5', of: ({ sr50 }) => share(sr50) },
  { name: 'SR.75', hint: 'share of frames with an overlap above 0.75', of: ({ sr75 }) => share(sr75) },
  {
    name: 'AUROC',
    hint: 'how well the score tells hits from misses',
    of: ({ honest }) => share(honest.score?.auroc),
  },
  {
    name: 'ECE',
    hint: 'expected calibration error of the score',
    of: ({ honest }) => share(honest.score?.ece),
  },
  {
    name: 'presence F',
    hint: 'whether the target is there',
    of: ({ honest }) => share(honest.presence?.f),
  },
  {
    name: 'absence F',
    hint: 'whether the target is absent',
    of: ({ honest }) => share(honest.absence?.f),
  },
  { name: 'LT-F', hint: 'VOT-LT precision and recall in one', of: ({ honest }) => share(honest.tracking?.f) },
  {
    name: 'found back',
    hint: 'after absences; median of frames',
    of: ({ honest }) => recovered(honest.absences),
  },
  {
    name: 'drifts',
    hint: 'recovered of all; median of frames',
    of: ({ honest }) => recovered(honest.drifts),
  },
  {
    name: 'jitter',
    hint: 'movement of the centre on a still target, parts of its diagonal',
    of: ({ honest: { jitter } }) => cell(jitter.centre, percent(jitter.centre, 2)),
  },
  {
    name: 'frames/s',
    hint: 'updates per second of the tracker alone',
    of: ({ trackerFps }) => cell(trackerFps ?? Number.NaN, rate(trackerFps)),
  },
];

/** The table of all targets, each leading to its timeline. */
export function tableSection([main, ...others]: readonly Series[]): Markup {
  const { sequences, mean, honest } = main.report;
  const all: Figures = { ...mean, honest, frames: sequences.reduce((sum, row) => sum + row.frames, 0) };
  // A column without any figure would only take room.
  const columns = COLUMNS.filter(({ of }) => [all, ...sequences].some((row) => !Number.isNaN(of(row).value)));
  const headings: Heading[] = [
    { name: 'sequence' },
    ...columns,
    ...others.map(({ name }) => ({
      name: `AUC ${name}`,
      hint: `area under the success plot of ${name}`,
      wraps: true,
    })),
  ];
  const rows = sequences.map((row, k) => {
    const aucs = [row.auc, ...others.map(({ report }) => report.sequences[k].auc)];
    const best = others.length > 0 ? Math.max(...aucs) : Number.NaN;
    return [
      tag('a', { href: `#t${k}` }, row.sequence),
      ...columns.map(({ name, of }) => ({ ...of(row), best: name === 'AUC' && row.auc === best })),
      ...aucs.slice(1).map((auc) => cell(auc, ratio(auc), auc === best)),
    ];
  });
  const foot = [
    'mean, or all frames',
    ...columns.map(({ of }) => of(all)),
    ...others.map(({ report }) => share(report.mean.auc)),
  ];
  return tag(
    'section',
    { id: 'table' },
    tag('h2', {}, 'Sequence by sequence'),
    dataTable(`${main.name}, one target a row`, headings, rows, { sortable: true, foot }),
  );
}

/** A timeline of every target. */
export function timelinesSection(series: readonly Series[]): Markup {
  const [main] = series;
  const fold = main.report.sequences.length > OPEN;
  return tag(
    'section',
    { id: 'sequences' },
    tag('h2', {}, 'Frame by frame'),
    tag(
      'p',
      { class: 'key' },
      keyed('M0 8V3L7 1L14 4L20 2V8Z', 'area s0', 'overlap with the truth'),
      keyed('M1 5L7 2L13 6L19 3', 'line score', 'score'),
      key('tracking', 'tracking'),
      key('uncertain', 'uncertain'),
      key('lost', 'lost'),
      key('absent-key', 'target absent'),
      keyed('M5 1H14L9.5 8Z', 'mark lost', 'says lost'),
      keyed('M5 8H14L9.5 1Z', 'mark found', 'says found'),
      keyed('M2 0V8M2 4H18', 'span', 'off the target, until found'),
      keyed('M2 0V8M2 4H18', 'span never', 'not found'),
    ),
    main.report.sequences.map((row, k) => {
      const rows = series.map((one) => ({
        series: one,
        frames: judge(one.outcomes[k]),
        honest: one.report.sequences[k].honest,
      }));
      const happenings = happeningsOf(rows[0].frames, row.honest);
      return tag(
        'details',
        { class: 'sequence', id: `t${k}`, open: !fold || k === 0 },
        tag(
          'summary',
          {},
          tag('h3', {}, row.sequence),
          tag(
            'span',
            { class: 'facts' },
            factsOf(row.auc, row.honest.score?.auroc, row.frames, row.honest.absent),
          ),
          tag('output', { class: 'readout' }),
        ),
        tag(
          'div',
          { class: 'wide', tabindex: 0, role: 'group', 'aria-label': `timeline of ${row.sequence}` },
          timeline(row.sequence, rows, happenings),
        ),
        happenings.length === 0
          ? null
          : tag(
              'details',
              { class: 'figures-of' },
              tag('summary', {}, `what happened, ${counted(happenings.length, 'event')}`),
              dataTable(
                `What happened in ${row.sequence}`,
                ['frame', 'what'],
                happenings.slice(0, LISTED).map(({ frame, words }) => [String(frame), words]),
              ),
              happenings.length > LISTED
                ? tag('p', { class: 'note' }, `and ${happenings.length - LISTED} more`)
                : null,
            ),
      );
    }),
  );
}

function factsOf(auc: number, auroc: number | undefined, frames: number, absent: number): string {
  const parts = [counted(frames, 'frame'), `AUC ${ratio(auc)}`];
  if (auroc !== undefined && !Number.isNaN(auroc)) parts.push(`AUROC ${ratio(auroc)}`);
  if (absent > 0) parts.push(`absent in ${absent}`);
  return parts.join(' · ');
}

function whole(value: number): Cell {
  return cell(value, String(value));
}

/** Sorted by the share that was found, among equals by how soon. */
function recovered(summary: RecoverySummary): Cell {
  const { count, found, median } = summary;
  if (count === 0) return cell(Number.NaN, '–');
  const soon = median === Number.POSITIVE_INFINITY ? 0 : 1 / (1 + median);
  return cell(found / count + soon * 1e-6, `${found} of ${count}, ${medianFrames(summary)}`);
}

function share(value: number | undefined): Cell {
  return cell(value ?? Number.NaN, ratio(value));
}

function cell(value: number, content: string, best = false): Cell {
  return { value, content, best };
}

function key(className: string, words: string): Markup {
  return tag('span', {}, tag('i', { class: `box ${className}`, 'aria-hidden': 'true' }), words);
}

function keyed(d: string, className: string, words: string): Markup {
  const drawing = tag(
    'svg',
    { class: 'swatch', viewBox: '0 0 20 9', 'aria-hidden': 'true', xmlns: 'http://www.w3.org/2000/svg' },
    tag('path', { class: className, d }),
  );
  return tag('span', {}, drawing, words);
}
