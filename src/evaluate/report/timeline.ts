import { HIT_OVERLAP, type JudgedFrame, type TargetHonesty } from '../honest/index.js';
import { linear, linePath, type Scale, svg, ticks } from './chart.js';
import { type Happening, runsOf } from './happenings.js';
import { type Child, type Markup, short, tag } from './markup.js';
import { type Series, seriesClass } from './model.js';
import { counted } from './words.js';

/** One tracker's row of a timeline. */
export interface TimelineRow {
  readonly series: Series;
  readonly frames: readonly JudgedFrame[];
  readonly honest: TargetHonesty;
}

const WIDTH = 1080;
const LEFT = 46;
const RIGHT = 10;
const NAME = 14;
const MARKS = 22;
const STRIP = 8;
const MAIN = 118;
const OTHER = 54;
const GAP = 8;
const AXIS = 20;

/**
 * A sequence frame by frame: overlap as an area, score as a line, states as a strip below and what happened as marks above; other trackers
 * in rows of their own.
 *
 * @param happenings of the first row
 */
export function timeline(
  name: string,
  rows: readonly TimelineRow[],
  happenings: readonly Happening[],
): Markup {
  const [main] = rows;
  const count = main.frames.length;
  const x = linear([0, Math.max(1, count - 1)], [LEFT, WIDTH - RIGHT]);
  const named = rows.length > 1 ? NAME : 0;
  const first = named + MARKS;
  let top = 0;
  const drawn = rows.map((row, k) => {
    const title = named ? tag('text', { class: 'row-name', x: LEFT, y: top + 10 }, row.series.name) : null;
    top += named + (k === 0 ? MARKS : 0);
    const height = k === 0 ? MAIN : OTHER;
    const one = [title, drawRow(row, x, top, height)];
    top += height + STRIP + GAP;
    return one;
  });
  const bottom = top - GAP;
  const absent = runsOf(main.frames.map(({ truth }) => truth === null)).filter(({ value }) => value);
  return svg(
    WIDTH,
    bottom + AXIS,
    `${name}, frame by frame`,
    `${counted(count, 'frame')}; ${counted(happenings.length, 'event')}, listed below`,
    [
      absent.map(({ start, end }) =>
        tag(
          'rect',
          { class: 'absence', x: x(start - 0.5), y: first, width: x(end) - x(start), height: bottom - first },
          tag('title', {}, `absent in frames ${start} to ${end - 1}`),
        ),
      ),
      drawn,
      absent
        .filter(({ start, end }) => x(end) - x(start) > 44)
        .map(({ start, end }) =>
          tag(
            'text',
            { class: 'tick', x: (x(start) + x(end)) / 2, y: first + MAIN - 8, 'text-anchor': 'middle' },
            'absent',
          ),
        ),
      happenings.map((one) => mark(one, x, named)),
      tag('text', { class: 'tick', x: LEFT - 10, y: bottom + 14, 'text-anchor': 'end' }, 'frame'),
      ticks(count - 1, 10).map((value) =>
        tag('text', { class: 'tick', x: x(value), y: bottom + 14, 'text-anchor': 'middle' }, String(value)),
      ),
      tag('line', { class: 'cursor', x1: 0, x2: 0, y1: named, y2: bottom, visibility: 'hidden' }),
    ],
    {
      class: 'timeline',
      'data-frames': count,
      'data-left': LEFT,
      'data-right': WIDTH - RIGHT,
      'data-overlap': pack(main.frames.map(({ truth, overlap }) => (truth === null ? null : overlap))),
      'data-score': main.frames[0].score === null ? null : pack(main.frames.map(({ score }) => score)),
      'data-state': main.frames[0].state === null ? null : main.frames.map(({ state }) => state![0]).join(''),
    },
  );
}

function drawRow({ series, frames }: TimelineRow, x: Scale, top: number, height: number): Child {
  const className = seriesClass(series);
  const y = linear([0, 1], [top + height, top]);
  const overlaps = frames.map(({ truth, overlap }) => (truth === null ? null : overlap));
  const scores = frames.map(({ score }) => (score === null ? null : Math.min(1, Math.max(0, score))));
  return [
    [0, HIT_OVERLAP, 1].map((value) => [
      tag('line', {
        class: value === HIT_OVERLAP ? 'half' : 'grid',
        x1: LEFT,
        x2: WIDTH - RIGHT,
        y1: y(value),
        y2: y(value),
      }),
      tag('text', { class: 'tick', x: LEFT - 6, y: y(value) + 4, 'text-anchor': 'end' }, String(value)),
    ]),
    areas(overlaps, x, y).map((d) => tag('path', { class: `area ${className}`, d })),
    tag(
      'path',
      { class: `line ${className} thin`, d: linePath(reduced(overlaps, x, y)) },
      tag('title', {}, 'overlap'),
    ),
    tag('path', { class: 'line score', d: linePath(reduced(scores, x, y)) }, tag('title', {}, 'score')),
    strip(frames, x, top + height + 2),
  ];
}

function strip(frames: readonly JudgedFrame[], x: Scale, top: number): Child {
  // Half a frame to each side, but not out of the plot.
  const from = (frame: number) => Math.min(WIDTH - RIGHT, Math.max(LEFT, x(frame - 0.5)));
  return runsOf(frames.map(({ state }) => state)).map(({ start, end, value }) =>
    value === null
      ? null
      : tag(
          'rect',
          {
            class: `state ${value}`,
            x: from(start),
            y: top,
            width: from(end) - from(start),
            height: STRIP - 2,
          },
          tag('title', {}, `${value}, frames ${start} to ${end - 1}`),
        ),
  );
}

/** Recoveries are spans in the upper lane, from the loss or return to the frame they end with; the tracker's words triangles in the lower. */
function mark({ frame, end, kind, words }: Happening, x: Scale, top: number): Markup | null {
  const title = tag('title', {}, `frame ${frame}: ${words}`);
  if (kind === 'absent') return null;
  if (kind === 'lost' || kind === 'found') {
    const d = kind === 'lost' ? 'M-4 -7H4L0 0Z' : 'M-4 0H4L0 -7Z';
    const transform = `translate(${short(x(frame))} ${top + MARKS - 2})`;
    return tag('path', { class: `mark ${kind}`, d, transform }, title);
  }
  const stop = Math.max(x(end), x(frame) + 2);
  const [y, from, to] = [top + 6, short(x(frame)), short(stop)];
  const className = kind === 'unfound' ? 'span never' : 'span';
  return tag('path', { class: className, d: `M${from} ${y - 4}V${y + 4}M${from} ${y}H${to}` }, title);
}

type Point = readonly [x: number, y: number];

/** Values as points, `null` for gaps; where several share a pixel, only the lowest and the highest of them. */
export function reduced(values: readonly (number | null)[], x: Scale, y: Scale): (Point | null)[] {
  const points: (Point | null)[] = [];
  for (const { start, end } of runsOf(values.map((value, k) => (value === null ? -1 : Math.floor(x(k)))))) {
    const ats = Array.from({ length: end - start }, (_, i) => start + i);
    if (values[start] === null) {
      points.push(null);
      continue;
    }
    const low = ats.reduce((a, b) => (values[b]! < values[a]! ? b : a));
    const high = ats.reduce((a, b) => (values[b]! > values[a]! ? b : a));
    const kept = low === high ? [low] : [low, high].sort((a, b) => a - b);
    for (const k of kept) points.push([x(k), y(values[k]!)]);
  }
  return points;
}

function areas(values: readonly (number | null)[], x: Scale, y: Scale): string[] {
  const pieces: Point[][] = [[]];
  for (const point of reduced(values, x, y)) {
    if (point === null) pieces.push([]);
    else pieces[pieces.length - 1].push(point);
  }
  return pieces
    .filter((piece) => piece.length > 0)
    .map((piece) => {
      const [first, last] = [piece[0], piece[piece.length - 1]];
      return `${linePath([[first[0], y(0)], ...piece, [last[0], y(0)]])}Z`;
    });
}

/** Values of 0..1 in two signs each: thousandths to the base of 36, `--` for none. */
export function pack(values: readonly (number | null)[]): string {
  return values
    .map((value) =>
      value === null
        ? '--'
        : Math.round(Math.min(1, Math.max(0, value)) * 1000)
            .toString(36)
            .padStart(2, '0'),
    )
    .join('');
}
