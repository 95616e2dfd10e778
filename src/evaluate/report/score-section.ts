import {
  CALIBRATION_BINS,
  HIT_OVERLAP,
  type JudgedFrame,
  judge,
  type ReliabilityBin,
  rocCurve,
  scoredOf,
} from '../honest/index.js';
import { lineChart, type Scale } from './chart.js';
import { figure, legend } from './figure.js';
import { type Child, type Markup, tag } from './markup.js';
import { type Series, seriesClass } from './model.js';
import { dataTable } from './table.js';
import { percent, ratio } from './words.js';

/** Whether scores can be believed: reliability of each tracker, and one ROC chart of all. */
export function scoreSection(series: readonly Series[]): Markup {
  const judged = series.map(({ outcomes }) => outcomes.map(judge));
  const scoring = series.filter(({ report }) => report.honest.score !== null);
  const silent = series.filter(({ report }) => report.honest.score === null);
  return tag(
    'section',
    { id: 'score' },
    tag('h2', {}, 'Can the score be believed?'),
    tag(
      'p',
      { class: 'lead' },
      `A score should be the probability that the box overlaps the target by more than ${HIT_OVERLAP}. In a reliability diagram, points of a calibrated score lie on the diagonal: below it the tracker is too sure of itself, above it too modest.`,
    ),
    scoring.length > 0
      ? tag(
          'div',
          { class: 'figures' },
          scoring.map((one) =>
            reliabilityFigure(
              one,
              judged[one.index].flatMap((frames) => frames.slice(1)),
            ),
          ),
          rocFigure(scoring, judged),
        )
      : null,
    silent.length > 0
      ? tag(
          'p',
          { class: 'note' },
          `Without scores in their results: ${silent.map(({ name }) => name).join(', ')}.`,
        )
      : null,
  );
}

function reliabilityFigure(series: Series, frames: readonly JudgedFrame[]): Markup {
  const { reliability: bins, score } = series.report.honest;
  const title = `Reliability: ${series.name}`;
  if (bins === null || bins.length === 0 || score === null) {
    const why = 'The scores are not all between 0 and 1, and so are no probabilities.';
    return tag('figure', {}, tag('figcaption', {}, tag('h3', {}, title)), tag('p', { class: 'note' }, why));
  }
  const className = seriesClass(series);
  const chart = lineChart({
    title,
    description: `Expected calibration error ${ratio(score.ece)} over ${bins.length} bins with frames; scores by what they stand for below.`,
    x: { label: 'score', end: 1 },
    y: { label: 'share of frames on the target' },
    lines: [
      {
        className: `${className} thin`,
        label: series.name,
        points: bins.map(({ meanScore, hitRate }) => [meanScore, hitRate] as const),
      },
    ],
    under: (x, y) => [
      tag('line', { class: 'diagonal', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
      bins.map((bin) => gap(bin, x, y)),
    ],
    over: (x, y) => bins.map((bin) => point(bin, className, x, y)),
    below: { height: 54, draw: (x, top) => histogram(frames, x, top, 54) },
  });
  return figure(title, chart, {
    legend: [
      tag(
        'ul',
        { class: 'legend' },
        entry('ECE, 15 equal bins', ratio(score.ece)),
        entry('ECE, bins of equal mass', ratio(score.eceEqualMass)),
        series.report.honest.absent > 0 && entry('ECE with absent frames', ratio(score.eceWithAbsent)),
      ),
      tag(
        'p',
        { class: 'key' },
        key('on', 'on the target'),
        key('off', 'off it'),
        series.report.honest.absent > 0 && key('absent', 'absent'),
      ),
    ],
    table: dataTable(
      'Reliability, target visible',
      ['scores', 'frames', 'mean score', 'on the target', 'difference'],
      bins.map(({ from, to, frames: count, meanScore, hitRate }) => [
        `${ratio(from, 2)}–${ratio(to, 2)}`,
        String(count),
        ratio(meanScore),
        ratio(hitRate),
        ratio(hitRate - meanScore),
      ]),
    ),
  });
}

function gap({ meanScore, hitRate }: ReliabilityBin, x: Scale, y: Scale): Markup {
  return tag('line', { class: 'gap', x1: x(meanScore), x2: x(meanScore), y1: y(meanScore), y2: y(hitRate) });
}

function point(bin: ReliabilityBin, className: string, x: Scale, y: Scale): Markup {
  const { meanScore, hitRate, frames } = bin;
  const words = `${frames} frames that score ${ratio(meanScore)} on average: ${percent(hitRate)} on the target`;
  return tag(
    'circle',
    { class: `dot ${className}`, cx: x(meanScore), cy: y(hitRate), r: 3.5 },
    tag('title', {}, words),
  );
}

/** How often each score is said, stacked by whether the box is on the target, off it, or the target is absent. */
function histogram(frames: readonly JudgedFrame[], x: Scale, top: number, height: number): Child {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ on: 0, off: 0, absent: 0 }));
  for (const { score, truth, hit } of frames) {
    const bin = bins[Math.min(CALIBRATION_BINS - 1, Math.floor(score! * CALIBRATION_BINS))];
    bin[truth === null ? 'absent' : hit ? 'on' : 'off']++;
  }
  const most = Math.max(...bins.map(({ on, off, absent }) => on + off + absent));
  const bottom = top + height;
  return [
    bins.map((bin, k) => {
      let base = bottom;
      return (['on', 'off', 'absent'] as const).map((kind) => {
        const tall = (bin[kind] / most) * height;
        base -= tall;
        if (tall === 0) return null;
        const left = x(k / CALIBRATION_BINS) + 0.75;
        const width = x((k + 1) / CALIBRATION_BINS) - left - 0.75;
        return tag(
          'rect',
          { class: `bar ${kind}`, x: left, y: base, width, height: tall },
          tag('title', {}, `${bin[kind]} frames ${WORDS[kind]}`),
        );
      });
    }),
    tag('line', { class: 'axis', x1: x(0), x2: x(1), y1: bottom, y2: bottom }),
  ];
}

const WORDS = { on: 'on the target', off: 'off the target', absent: 'without the target' } as const;

function rocFigure(
  series: readonly Series[],
  judged: readonly (readonly (readonly JudgedFrame[])[])[],
): Markup {
  const value = ({ report }: Series) => ratio(report.honest.score?.auroc);
  const chart = lineChart({
    title: 'Receiver operating characteristic',
    description: series.map((one) => `${one.name}: area ${value(one)}`).join('; '),
    x: { label: 'misses that score at least as much', end: 1 },
    y: { label: 'hits that score at least as much' },
    lines: series.map((one) => ({
      className: seriesClass(one),
      label: `${one.name}, area ${value(one)}`,
      points: thin(
        rocCurve(scoredOf(judged[one.index])?.visible ?? []).map(
          ({ falsePositives, truePositives }) => [falsePositives, truePositives] as const,
        ),
      ),
    })),
    under: (x, y) => tag('line', { class: 'diagonal', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
  });
  return figure('Telling hits from misses (ROC)', chart, {
    legend: legend(series, value, 'area (AUROC)'),
    table: dataTable(
      'Area under the receiver operating characteristic',
      ['tracker', 'target visible', 'with absent frames'],
      series.map(({ name, report: { honest } }) => [
        name,
        ratio(honest.score?.auroc),
        ratio(honest.score?.aurocWithAbsent),
      ]),
    ),
  });
}

/** At most some hundreds of points of a curve, first and last among them. */
function thin<T>(points: readonly T[], most = 400): T[] {
  const step = Math.max(1, (points.length - 1) / (most - 1));
  const kept: T[] = [];
  for (let at = 0; at <= points.length - 1 + 1e-9; at += step) kept.push(points[Math.round(at)]);
  return kept;
}

function entry(name: string, value: string): Markup {
  return tag('li', {}, tag('span', { class: 'name' }, name), tag('span', { class: 'value' }, value));
}

function key(className: string, words: string): Markup {
  return tag('span', {}, tag('i', { class: `box ${className}`, 'aria-hidden': 'true' }), words);
}
