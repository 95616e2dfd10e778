import { context2d, fitCanvas } from './dom.js';
import type { TargetState, Track } from './tracks.js';

/** One target's row. */
export interface TimelineRow {
  readonly name: string;
  readonly colour: string;
  readonly track: Track | undefined;
  readonly selected: boolean;
}

/** Milliseconds that are shown. */
export const TIMELINE_SPAN = 30_000;
const ROW = 46;
const GAP = 8;
const AXIS = 20;
const FONT = '12px system-ui, sans-serif';
/** Frames further apart than this are not joined by a line, milliseconds. */
const HOLE = 2500;

/** Draws the scores of the last seconds, a row for each target: the line is the score, the band under it the state. */
export class Timeline {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = context2d(canvas);
  }

  /**
   * @param now server's time at the right edge
   * @param shown server's time of the picture that is shown
   */
  draw(rows: readonly TimelineRow[], now: number, shown: number | undefined): void {
    const canvas = this.#canvas;
    canvas.style.height = `${Math.max(1, rows.length) * (ROW + GAP) + AXIS}px`;
    const ratio = fitCanvas(canvas);
    const context = this.#context;
    const width = canvas.width / ratio;
    const height = canvas.height / ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    const at = (time: number) => width - ((now - time) / TIMELINE_SPAN) * width;
    this.#axis(width, height);
    rows.forEach((row, k) => {
      this.#row(row, k * (ROW + GAP), width, now, at);
    });
    if (shown !== undefined && now - shown < TIMELINE_SPAN) {
      context.fillStyle = 'rgba(255, 255, 255, 0.85)';
      context.fillRect(Math.min(width - 2, at(shown)), 0, 1.5, height - AXIS);
    }
  }

  #axis(width: number, height: number): void {
    const context = this.#context;
    context.textBaseline = 'alphabetic';
    for (let seconds = 0; seconds <= TIMELINE_SPAN / 1000; seconds += 5) {
      const x = width - (seconds * 1000 * width) / TIMELINE_SPAN;
      context.fillStyle = 'rgba(255, 255, 255, 0.09)';
      context.fillRect(x, 0, 1, height - AXIS);
      // Every other one on a narrow screen.
      if (seconds % (width < 420 ? 10 : 5) !== 0) continue;
      context.fillStyle = '#aab6c2';
      context.textAlign = seconds === 0 ? 'right' : x < 20 ? 'left' : 'center';
      context.fillText(seconds === 0 ? 'now' : `-${seconds} s`, x, height - 5);
    }
    context.textAlign = 'left';
  }

  #row(
    { name, colour, track, selected }: TimelineRow,
    top: number,
    width: number,
    now: number,
    at: (time: number) => number,
  ): void {
    const context = this.#context;
    context.fillStyle = selected ? 'rgba(255, 255, 255, 0.12)' : 'rgba(255, 255, 255, 0.05)';
    context.fillRect(0, top, width, ROW);
    const points = track?.since(now - TIMELINE_SPAN) ?? [];
    const y = (score: number) => top + ROW - 8 - score * (ROW - 12);
    let begun = false;
    context.beginPath();
    points.forEach((point, k) => {
      const x = at(point.time);
      const before = points[k - 1];
      const joined = before !== undefined && point.time - before.time < HOLE;
      if (joined) this.#band(before.state, at(before.time), x, top);
      if (joined && begun) context.lineTo(x, y(point.score));
      else context.moveTo(x, y(point.score));
      begun = true;
    });
    context.strokeStyle = colour;
    context.lineWidth = selected ? 2.5 : 1.75;
    context.lineJoin = 'round';
    context.stroke();
    // Low, as scores are seldom.
    context.textBaseline = 'top';
    const { width: length } = context.measureText(name);
    context.fillStyle = 'rgba(16, 20, 24, 0.8)';
    context.fillRect(4, top + ROW - 22, length + 8, 17);
    context.fillStyle = colour;
    context.fillText(name, 8, top + ROW - 20);
  }

  /** The state, by height as well as colour: a lost one is a full block. */
  #band(state: TargetState, from: number, to: number, top: number): void {
    if (state === 'tracking') return;
    const context = this.#context;
    const height = state === 'lost' ? ROW : 5;
    context.fillStyle = state === 'lost' ? 'rgba(255, 127, 102, 0.28)' : '#e6b800';
    context.fillRect(from, top + ROW - height, Math.max(1, to - from + 0.5), height);
  }
}

/** The same in words. */
export function describeTimeline(rows: readonly TimelineRow[], now: number): string {
  if (rows.length === 0) return 'No targets yet';
  return rows
    .map(({ name, track }) => {
      const points = track?.since(now - TIMELINE_SPAN) ?? [];
      if (points.length === 0) return `${name}: nothing yet`;
      const scores = points.map(({ score }) => score);
      const lost = points.filter(({ state }) => state === 'lost').length / points.length;
      const range = `${Math.min(...scores).toFixed(2)} to ${Math.max(...scores).toFixed(2)}`;
      return `${name}: score ${range}, lost ${Math.round(lost * 100)} % of the time`;
    })
    .join('. ');
}
