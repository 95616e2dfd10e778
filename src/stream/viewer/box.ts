import type { Box } from '../../common/index.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a box is taken hold of: an edge or corner by compass direction, or its inside. */
export type Grip = 'n' | 'ne' | 'e' | 'se' | 's' | 'sw' | 'w' | 'nw' | 'inside';

/** The smallest box that can be drawn, pixels of the frame. */
export const SMALLEST = 4;

/** The box whose opposite corners are two points. */
export function boxBetween(a: Point, b: Point): Box {
  return [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
}

/** The part of a box that lies in the frame; none less than {@link SMALLEST} wide or high, where the frame has room for it. */
export function insideFrame([x, y, width, height]: Box, frame: Size): Box {
  const [left, w] = within(x, width, frame.width);
  const [top, h] = within(y, height, frame.height);
  return [left, top, w, h];
}

function within(start: number, length: number, limit: number): [number, number] {
  const from = clamp(start, 0, limit);
  const to = clamp(start + length, 0, limit);
  if (to - from >= SMALLEST) return [from, to - from];
  const left = clamp(from, 0, Math.max(0, limit - SMALLEST));
  return [left, Math.min(SMALLEST, limit - left)];
}

/** A box moved as a whole, and no further than the frame's edges. */
export function moved([x, y, width, height]: Box, dx: number, dy: number, frame: Size): Box {
  return [
    clamp(x + dx, 0, Math.max(0, frame.width - width)),
    clamp(y + dy, 0, Math.max(0, frame.height - height)),
    width,
    height,
  ];
}

/** A box with one edge or corner moved. An edge does not pass the opposite one. */
export function resized(box: Box, grip: Grip, dx: number, dy: number, frame: Size): Box {
  if (grip === 'inside') return moved(box, dx, dy, frame);
  let [left, top] = box;
  let right = left + box[2];
  let bottom = top + box[3];
  if (grip.includes('w')) left = clamp(left + dx, 0, right - SMALLEST);
  if (grip.includes('e')) right = clamp(right + dx, left + SMALLEST, frame.width);
  if (grip.includes('n')) top = clamp(top + dy, 0, bottom - SMALLEST);
  if (grip.includes('s')) bottom = clamp(bottom + dy, top + SMALLEST, frame.height);
  return insideFrame([left, top, right - left, bottom - top], frame);
}

/** A box made larger or smaller about its centre. */
export function scaled([x, y, width, height]: Box, factor: number, frame: Size): Box {
  const w = Math.max(SMALLEST, width * factor);
  const h = Math.max(SMALLEST, height * factor);
  return insideFrame([x + (width - w) / 2, y + (height - h) / 2, w, h], frame);
}

/** The part of a box that is under a point, `reach` pixels around its edges included. */
export function gripAt([x, y, width, height]: Box, point: Point, reach: number): Grip | undefined {
  const { x: px, y: py } = point;
  if (px < x - reach || py < y - reach || px > x + width + reach || py > y + height + reach) return undefined;
  // A small box must leave room inside to be moved by.
  const [rx, ry] = [Math.min(reach, width / 3), Math.min(reach, height / 3)];
  const across = px <= x + rx ? 'w' : px >= x + width - rx ? 'e' : '';
  const down = py <= y + ry ? 'n' : py >= y + height - ry ? 's' : '';
  return ((down + across) as Grip) || 'inside';
}

/** The smallest of the boxes that a point is in. */
export function boxAt<T extends { readonly box: Box }>(items: readonly T[], point: Point): T | undefined {
  return items
    .filter(({ box }) => gripAt(box, point, 0) !== undefined)
    .sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3])[0];
}

export function rounded([x, y, width, height]: Box): Box {
  const round = (value: number) => Math.round(value * 100) / 100;
  return [round(x), round(y), round(width), round(height)];
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
