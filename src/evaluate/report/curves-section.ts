import {
  type Curves,
  curvesOf,
  meanCurves,
  NORMALISED_THRESHOLDS,
  PRECISION_THRESHOLDS,
  SUCCESS_THRESHOLDS,
} from '../curves.js';
import type { Measures } from '../measures.js';
import { lineChart } from './chart.js';
import { figure, legend } from './figure.js';
import { type Markup, tag } from './markup.js';
import { type Series, seriesClass } from './model.js';
import { dataTable } from './table.js';
import { ratio } from './words.js';

interface Plot {
  readonly curve: keyof Curves;
  readonly title: string;
  readonly thresholds: readonly number[];
  readonly measure: keyof Measures;
  readonly measureName: string;
  readonly x: string;
  readonly step: number;
}

const PLOTS: readonly Plot[] = [
  {
    curve: 'success',
    title: 'Success',
    thresholds: SUCCESS_THRESHOLDS,
    measure: 'auc',
    measureName: 'area (AUC)',
    x: 'overlap threshold',
    step: 2,
  },
  {
    curve: 'precision',
    title: 'Precision',
    thresholds: PRECISION_THRESHOLDS,
    measure: 'precision',
    measureName: 'at 20 px',
    x: 'distance of centres, pixels',
    step: 5,
  },
  {
    curve: 'normalisedPrecision',
    title: 'Normalised precision',
    thresholds: NORMALISED_THRESHOLDS,
    measure: 'normalisedPrecision',
    measureName: 'area',
    x: 'distance of centres, parts of the size',
    step: 5,
  },
];

/** Success and precision plots of all trackers, each with its figures in a table. */
export function curvesSection(series: readonly Series[]): Markup {
  const curves = series.map(({ outcomes }) =>
    meanCurves(outcomes.map(({ boxes, truth }) => curvesOf(boxes, truth))),
  );
  return tag(
    'section',
    { id: 'curves' },
    tag('h2', {}, 'Success and precision'),
    tag(
      'p',
      { class: 'lead' },
      'Share of the frames in which the target is visible whose box is good enough, for every threshold of good enough. Mean over targets.',
    ),
    tag(
      'div',
      { class: 'figures' },
      PLOTS.map((plot) => plotFigure(plot, series, curves)),
    ),
  );
}

function plotFigure(plot: Plot, series: readonly Series[], curves: readonly Curves[]): Markup {
  const value = (one: Series) => ratio(one.report.mean[plot.measure]);
  const chart = lineChart({
    title: `${plot.title} plot`,
    description: series.map((one) => `${one.name}: ${plot.measureName} ${value(one)}`).join('; '),
    x: { label: plot.x, end: plot.thresholds[plot.thresholds.length - 1] },
    y: { label: 'share of frames' },
    lines: series.map((one, k) => ({
      className: seriesClass(one),
      label: `${one.name}, ${plot.measureName} ${value(one)}`,
      points: plot.thresholds.map((t, i) => [t, curves[k][plot.curve][i]] as const),
    })),
  });
  const rows = plot.thresholds.flatMap((t, i) =>
    i % plot.step === 0
      ? [[String(Number(t.toFixed(2))), ...curves.map((curve) => ratio(curve[plot.curve][i]))]]
      : [],
  );
  return figure(plot.title, chart, {
    legend: legend(series, value, plot.measureName),
    table: dataTable(`${plot.title} at some thresholds`, [plot.x, ...series.map(({ name }) => name)], rows),
  });
}
