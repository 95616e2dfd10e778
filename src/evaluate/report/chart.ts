import { type Attributes, type Child, type Markup, short, tag } from './markup.js';

/** Maps values to coordinates, in a straight line. */
export type Scale = (value: number) => number;

/** @param domain values @param range coordinates of the domain's ends */
export function linear(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [a, b] = domain;
  return (value) => range[0] + ((value - a) / (b - a || 1)) * (range[1] - range[0]);
}

/** Round numbers from 0 to `end`, about `count` of them. */
export function ticks(end: number, count: number): number[] {
  const rough = Math.max(end, 1e-9) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, k) =>
    Number((k * step).toPrecision(12)),
  );
}

/** Points as a path; `null` breaks the line. */
export function linePath(points: readonly (readonly [x: number, y: number] | null)[]): string {
  let pen = 'M';
  return points
    .map((point) => {
      if (point === null) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${short(point[0])} ${short(point[1])}`;
      pen = 'L';
      return step;
    })
    .join('');
}

/** One line of a {@link lineChart}. */
export interface ChartLine {
  readonly className: string;
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LineChartOptions {
  /** For readers who cannot see it. */
  readonly title: string;
  readonly description: string;
  readonly x: { readonly label: string; readonly end: number; readonly ticks?: number };
  /** Always 0..1. */
  readonly y: { readonly label: string };
  readonly lines: readonly ChartLine[];
  /** Drawn over the grid and under the lines. */
  readonly under?: (x: Scale, y: Scale) => Child;
  /** Drawn over the lines. */
  readonly over?: (x: Scale, y: Scale) => Child;
  /** Below the axis of x, that many units high. */
  readonly below?: { readonly height: number; readonly draw: (x: Scale, top: number) => Child };
}

const WIDTH = 360;
const HEIGHT = 270;
const LEFT = 44;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 40;

/** A chart of lines over 0..`x.end` by 0..1. */
export function lineChart(options: LineChartOptions): Markup {
  const { x, y, lines, under, over, below } = options;
  const extra = below ? below.height + 10 : 0;
  const right = WIDTH - RIGHT;
  const bottom = HEIGHT - BOTTOM;
  const sx = linear([0, x.end], [LEFT, right]);
  const sy = linear([0, 1], [bottom, TOP]);
  const columns = ticks(x.end, x.ticks ?? 5).map((value) => [
    tag('line', { class: 'grid', x1: sx(value), x2: sx(value), y1: TOP, y2: bottom }),
    tag(
      'text',
      { class: 'tick', x: sx(value), y: bottom + 15 + extra, 'text-anchor': 'middle' },
      String(value),
    ),
  ]);
  const rows = ticks(1, 5).map((value) => [
    tag('line', { class: 'grid', x1: LEFT, x2: right, y1: sy(value), y2: sy(value) }),
    tag('text', { class: 'tick', x: LEFT - 7, y: sy(value) + 4, 'text-anchor': 'end' }, String(value)),
  ]);
  return svg(WIDTH, HEIGHT + extra, options.title, options.description, [
    columns,
    rows,
    tag('line', { class: 'axis', x1: LEFT, x2: right, y1: bottom, y2: bottom }),
    tag('line', { class: 'axis', x1: LEFT, x2: LEFT, y1: TOP, y2: bottom }),
    under?.(sx, sy) ?? null,
    // The first line is drawn last, so that it lies on top.
    lines
      .map(({ className, label, points }) =>
        tag(
          'path',
          { class: `line ${className}`, d: linePath(points.map(([px, py]) => [sx(px), sy(py)] as const)) },
          tag('title', {}, label),
        ),
      )
      .reverse(),
    over?.(sx, sy) ?? null,
    below?.draw(sx, bottom + 8) ?? null,
    tag(
      'text',
      { class: 'label', x: (LEFT + right) / 2, y: HEIGHT + extra - 6, 'text-anchor': 'middle' },
      x.label,
    ),
    tag(
      'text',
      {
        class: 'label',
        transform: `translate(12 ${short((TOP + bottom) / 2)}) rotate(-90)`,
        'text-anchor': 'middle',
      },
      y.label,
    ),
  ]);
}

/** An SVG element that tells what it shows to those who cannot see it. */
export function svg(
  width: number,
  height: number,
  title: string,
  description: string,
  children: Child,
  attributes: Attributes = {},
): Markup {
  return tag(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${short(width)} ${short(height)}`,
      role: 'img',
      'aria-label': `${title}. ${description}`,
      ...attributes,
    },
    tag('title', {}, title),
    tag('desc', {}, description),
    children,
  );
}
