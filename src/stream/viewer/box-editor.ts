import type { Box } from '../../common/index.js';
import {
  boxBetween,
  type Grip,
  gripAt,
  insideFrame,
  moved,
  type Point,
  resized,
  type Size,
  scaled,
} from './box.js';

type Edit =
  | { readonly kind: 'idle' }
  /** A box is being drawn from `from`. */
  | { readonly kind: 'drawing'; readonly from: Point; readonly box: Box }
  /** A box waits to be confirmed; `held` while a pointer moves a part of it. */
  | {
      readonly kind: 'pending';
      readonly box: Box;
      readonly held?: { readonly grip: Grip; readonly at: Point };
    };

/** What a key did to a pending box. */
export type KeyResult = 'changed' | 'confirmed' | 'cancelled' | undefined;

/**
 * A box under the hands of a person: drawn by a pointer, or put in the middle and moved by keys. Everything is in pixels of the frame that
 * is shown.
 */
export class BoxEditor {
  #edit: Edit = { kind: 'idle' };
  #frame: Size = { width: 1, height: 1 };

  get box(): Box | undefined {
    return this.#edit.kind === 'idle' ? undefined : this.#edit.box;
  }

  get kind(): Edit['kind'] {
    return this.#edit.kind;
  }

  /** Whether a pointer has hold of it. */
  get held(): boolean {
    return this.#edit.kind === 'drawing' || (this.#edit.kind === 'pending' && this.#edit.held !== undefined);
  }

  /** The part of a pending box that a pointer would take hold of. */
  gripAt(point: Point, reach: number): Grip | undefined {
    return this.#edit.kind === 'pending' ? gripAt(this.#edit.box, point, reach) : undefined;
  }

  /** @param reach how far from an edge still takes hold of it */
  down(point: Point, frame: Size, reach: number): void {
    this.#frame = frame;
    const grip = this.gripAt(point, reach);
    if (this.#edit.kind === 'pending' && grip)
      this.#edit = { kind: 'pending', box: this.#edit.box, held: { grip, at: point } };
    else this.#edit = { kind: 'drawing', from: point, box: boxBetween(point, point) };
  }

  move(point: Point): void {
    const edit = this.#edit;
    if (edit.kind === 'drawing') {
      this.#edit = { ...edit, box: clipped(boxBetween(edit.from, point), this.#frame) };
    } else if (edit.kind === 'pending' && edit.held) {
      const { grip, at } = edit.held;
      const box = resized(edit.box, grip, point.x - at.x, point.y - at.y, this.#frame);
      this.#edit = { kind: 'pending', box, held: { grip, at: point } };
    }
  }

  /**
   * The pointer lets go.
   * @param smallest sides, in pixels of the frame, below which it was a click and no box was meant
   * @returns the box that was drawn, which waits now; undefined for a click or the end of a move
   */
  up(smallest: number): Box | undefined {
    const edit = this.#edit;
    if (edit.kind === 'pending') this.#edit = { kind: 'pending', box: edit.box };
    if (edit.kind !== 'drawing') return undefined;
    if (Math.max(edit.box[2], edit.box[3]) < smallest) {
      this.#edit = { kind: 'idle' };
      return undefined;
    }
    const box = insideFrame(edit.box, this.#frame);
    this.#edit = { kind: 'pending', box };
    return box;
  }

  /** Puts a box there, to be confirmed. */
  place(box: Box, frame: Size): void {
    this.#frame = frame;
    this.#edit = { kind: 'pending', box: insideFrame(box, frame) };
  }

  cancel(): void {
    this.#edit = { kind: 'idle' };
  }

  /**
   * A key for the pending box: arrows move it, with Shift they move its right and lower edge, + and - scale it.
   * @param step pixels of the frame
   */
  key({ key, shiftKey }: { readonly key: string; readonly shiftKey: boolean }, step: number): KeyResult {
    if (this.#edit.kind !== 'pending') return undefined;
    const { box } = this.#edit;
    const way = ARROWS[key];
    if (way) {
      const [dx, dy] = [way[0] * step, way[1] * step];
      const frame = this.#frame;
      this.place(shiftKey ? resized(box, 'se', dx, dy, frame) : moved(box, dx, dy, frame), frame);
      return 'changed';
    }
    switch (key) {
      case '+':
      case '=':
        this.place(scaled(box, 1.1, this.#frame), this.#frame);
        return 'changed';
      case '-':
      case '_':
        this.place(scaled(box, 1 / 1.1, this.#frame), this.#frame);
        return 'changed';
      case 'Enter':
        return 'confirmed';
      case 'Escape':
        return 'cancelled';
      default:
        return undefined;
    }
  }
}

const ARROWS: Readonly<Record<string, readonly [number, number] | undefined>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The part of a box in the frame, however small. */
function clipped([x, y, width, height]: Box, frame: Size): Box {
  const left = Math.max(0, Math.min(frame.width, x));
  const top = Math.max(0, Math.min(frame.height, y));
  const right = Math.max(0, Math.min(frame.width, x + width));
  const bottom = Math.max(0, Math.min(frame.height, y + height));
  return [left, top, right - left, bottom - top];
}
