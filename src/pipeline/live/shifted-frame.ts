import type { Frame } from '../../ingest/index.js';

/** A frame of a file that is played again: the same picture and references, later in index and pts. */
export class ShiftedFrame implements Frame {
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
  readonly range: Frame['range'];
  readonly matrix: Frame['matrix'];
  readonly index: number;
  readonly pts: number;
  /** When it was delivered: a file is decoded ahead of its time. */
  readonly wallTime = Date.now();
  readonly #frame: Frame;

  constructor(frame: Frame, { index, pts }: { readonly index: number; readonly pts: number }) {
    this.width = frame.width;
    this.height = frame.height;
    this.y = frame.y;
    this.u = frame.u;
    this.v = frame.v;
    this.range = frame.range;
    this.matrix = frame.matrix;
    this.index = frame.index + index;
    this.pts = frame.pts + pts;
    this.#frame = frame;
  }

  retain(): this {
    this.#frame.retain();
    return this;
  }

  release(): void {
    this.#frame.release();
  }
}
