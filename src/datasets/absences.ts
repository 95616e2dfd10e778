import type { Box } from '../common/index.js';
import type { FrameView, Sequence } from './sequence.js';

/** Frames in which a target is shown first, in which it goes, is gone, and comes back; then it is shown again, and so on. */
const SHOWN = 36;
const GOING = 8;
const GONE = 40;
const PERIOD = SHOWN + GOING + GONE + GOING;
/** Side of the window that is turned away, as a share of the picture's. */
const WINDOW = 0.55;
/** A cover's side, as times the target's: at least, and up to how much more. */
const COVER = 1.15;
const MORE = 0.8;
/** Of a target that is covered at least this much nothing is seen. */
const HIDDEN = 0.95;
/** Fewer frames without the target say nothing. */
const FEWEST_GONE = 15;
/** Places along each axis that a cover may come from. */
const PLACES = 7;
/** Its multiples are spread evenly over 0..1, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** In pixels of the frame. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The same recordings, seen so that each target is gone at times, which is then known exactly. As `NAME+turned` through a window that turns
 * away from it and back, as `NAME+covered` with a piece of the picture from elsewhere that passes before it. All pixels but their places
 * are the recording's. Targets that are too large for it, or followed too briefly, are left out.
 *
 * @param sizeOf the size of a sequence's frames
 */
export async function withAbsences(
  sequences: readonly Sequence[],
  sizeOf: (sequence: Sequence) => Promise<FrameSize>,
): Promise<Sequence[]> {
  const views: Sequence[] = [];
  for (const sequence of sequences) {
    const size = await sizeOf(sequence);
    for (const target of sequence.targets)
      for (const [kind, see] of Object.entries(KINDS)) {
        const seen = see(target.boxes, size);
        if (seen.filter(({ box }) => box === null).length < FEWEST_GONE) continue;
        const name = `${target.name}+${kind}`;
        const boxes = seen.map(({ box }) => box);
        const shown = seen.map(({ view }) => view);
        views.push({ ...sequence, name, targets: [{ ...target, name, boxes }], views: shown });
      }
  }
  return views;
}

const KINDS = { turned: turnedAway, covered };

interface Seen {
  readonly box: Box | null;
  readonly view: FrameView;
}

/** How far gone a target is in a frame, 0..1, how often it went before, and whether it is coming back. */
function phaseOf(frame: number): { gone: number; turn: number; back: boolean } {
  const turn = Math.floor((frame - SHOWN) / PERIOD);
  if (turn < 0) return { gone: 0, turn, back: false };
  const at = (frame - SHOWN) % PERIOD;
  if (at < GOING) return { gone: (at + 1) / GOING, turn, back: false };
  if (at < GOING + GONE) return { gone: 1, turn, back: false };
  return { gone: Math.max(0, 1 - (at - GOING - GONE + 1) / GOING), turn, back: true };
}

/** Through a window that follows the target, and goes to the corner of the picture that the target is farthest from. */
function turnedAway(boxes: readonly (Box | null)[], { width, height }: FrameSize): Seen[] {
  const [w, h] = [even(width * WINDOW), even(height * WINDOW)];
  const [right, bottom] = [floorEven(width - w), floorEven(height - h)];
  const corners = [0, right].flatMap((x) => [0, bottom].map((y): Box => [x, y, w, h]));
  // Where it cannot be out of the window all the while, the window stays with it.
  const aways = eachTurn(boxes, GOING + GONE, (during) => apart(during, corners, 'farthest'));
  let last = boxes[0]!;
  return boxes.map((box, frame) => {
    last = box ?? last;
    const { gone, turn } = phaseOf(frame);
    const home = [last[0] + last[2] / 2 - w / 2, last[1] + last[3] / 2 - h / 2];
    const away = aways[turn] ?? home;
    const mixed = (k: 0 | 1, most: number) =>
      clamp(even(clamp(home[k], 0, most) * (1 - gone) + away[k] * gone), 0, most);
    const window: Box = [mixed(0, right), mixed(1, bottom), w, h];
    return { box: box && within(box, window), view: { window } };
  });
}

/** The part of a box that a window shows, in the window's pixels; `null` where it shows none. */
function within([x, y, w, h]: Box, [left, top, width, height]: Box): Box | null {
  const [x0, y0] = [Math.max(x, left), Math.max(y, top)];
  const [x1, y1] = [Math.min(x + w, left + width), Math.min(y + h, top + height)];
  return x1 > x0 && y1 > y0 ? [x0 - left, y0 - top, x1 - x0, y1 - y0] : null;
}

/** Covers come from one side and go to the other, from other directions and in other sizes each time (by the golden ratio). */
function covered(boxes: readonly (Box | null)[], size: FrameSize): Seen[] {
  const sources = eachTurn(boxes, PERIOD, (during, turn) => sourceOf(during, turn, size));
  let last = boxes[0]!;
  return boxes.map((box, frame) => {
    last = box ?? last;
    const { gone, turn, back } = phaseOf(frame);
    const source = sources[turn];
    if (gone === 0 || !source) return { box, view: {} };
    const [x, y, w, h] = last;
    const [, , width, height] = source;
    const direction = 2 * Math.PI * ((turn + 1) * GOLDEN);
    const reach = (1 - gone) * (back ? -1 : 1);
    const left = even(x + w / 2 - width / 2 + Math.cos(direction) * reach * (w + width));
    const top = even(y + h / 2 - height / 2 + Math.sin(direction) * reach * (h + height));
    const cover: Box = [left, top, width, height];
    const hidden = box && within(box, cover);
    const isGone = box && hidden && (hidden[2] * hidden[3]) / (box[2] * box[3]) >= HIDDEN;
    return { box: isGone ? null : box, view: { cover, source } };
  });
}

/** The part of the picture that covers a target: large enough, and the nearest that shows nothing of it all the while. */
function sourceOf(during: readonly Box[], turn: number, size: FrameSize): Box | undefined {
  const grown = COVER + MORE * ((turn * GOLDEN) % 1);
  const side = (k: 2 | 3) => even(Math.max(2, ...during.map((box) => box[k] * grown)));
  const [width, height] = [side(2), side(3)];
  if (width > size.width || height > size.height) return undefined;
  const line = (room: number) =>
    Array.from({ length: PLACES }, (_, k) => floorEven((room * k) / (PLACES - 1)));
  const [xs, ys] = [line(size.width - width), line(size.height - height)];
  const places = xs.flatMap((x) => ys.map((y): Box => [x, y, width, height]));
  return apart(during, places, 'nearest');
}

/** What is to be known of each turn, from where the target is in its first frames. */
function eachTurn<T>(
  boxes: readonly (Box | null)[],
  frames: number,
  of: (during: readonly Box[], turn: number) => T,
): T[] {
  return Array.from({ length: Math.max(0, Math.ceil((boxes.length - SHOWN) / PERIOD)) }, (_, turn) => {
    const from = SHOWN + turn * PERIOD;
    return of(
      boxes.slice(from, from + frames).filter((box) => box !== null),
      turn,
    );
  });
}

/** Of the places that never meet a target the nearest or the farthest one. */
function apart(
  during: readonly Box[],
  places: readonly Box[],
  which: 'nearest' | 'farthest',
): Box | undefined {
  const order = which === 'nearest' ? 1 : -1;
  return places
    .map((place) => ({ place, distance: Math.min(...during.map((box) => gap(box, place))) }))
    .filter(({ distance }) => distance > 0)
    .sort((a, b) => order * (a.distance - b.distance))
    .at(0)?.place;
}

/** Pixels between two boxes along the axis in which they are farther apart; negative where they overlap. */
function gap(a: Box, b: Box): number {
  const along = (k: 0 | 1) => Math.max(b[k] - a[k] - a[k + 2], a[k] - b[k] - b[k + 2]);
  return Math.max(along(0), along(1));
}

/** Chroma has half the resolution: what is cut or moved begins and ends on even pixels. */
function even(value: number): number {
  return 2 * Math.round(value / 2);
}

function floorEven(value: number): number {
  return 2 * Math.floor(Math.max(0, value) / 2);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
