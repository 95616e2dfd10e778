import type { Box } from '../../common/index.js';
import type { HistoryEntry } from '../protocol/index.js';

export type TargetState = HistoryEntry['state'];

/** Where a target was in one frame. */
export interface TrackPoint {
  readonly frame: number;
  /** When the frame was decoded, milliseconds since the epoch by the server's clock. */
  readonly time: number;
  readonly box: Box;
  readonly score: number;
  readonly state: TargetState;
}

/** What was computed for a target on one frame. */
export interface TargetOnFrame extends TrackPoint {
  readonly id: string;
  readonly label: string | undefined;
}

/** Frames per target that are remembered: a minute at 30 a second. */
const MOST_POINTS = 1800;

/** One target's boxes, by frame. */
export class Track {
  label: string | undefined;
  /** Grows in frame; dropped from the front in lumps, so that it costs nothing per frame. */
  #points: TrackPoint[] = [];

  get last(): TrackPoint | undefined {
    return this.#points.at(-1);
  }

  /** The newest `count` points up to a frame, oldest first. */
  upTo(frame: number, count: number): readonly TrackPoint[] {
    const end = this.#place(frame + 1);
    return this.#points.slice(Math.max(0, end - count), end);
  }

  /** The points from a time on, oldest first. */
  since(time: number): readonly TrackPoint[] {
    let begin = this.#points.length;
    while (begin > 0 && this.#points[begin - 1].time >= time) begin--;
    return this.#points.slice(begin);
  }

  at(frame: number): TrackPoint | undefined {
    const point = this.#points[this.#place(frame)];
    return point?.frame === frame ? point : undefined;
  }

  /** The last state but `lost`, and since when it has been lost; undefined where it is not. */
  lostSince(frame: number): TrackPoint | undefined {
    let place = this.#place(frame);
    if (this.#points[place]?.state !== 'lost') return undefined;
    while (place > 0 && this.#points[place - 1].state === 'lost') place--;
    return this.#points[place];
  }

  /** Takes a point; one of a frame that is known already is replaced where `newer`, else left. */
  put(point: TrackPoint, newer: boolean): void {
    const last = this.last;
    if (!last || last.frame < point.frame) this.#points.push(point);
    else {
      const place = this.#place(point.frame);
      const known = this.#points[place]?.frame === point.frame;
      if (!known || newer) this.#points.splice(place, known ? 1 : 0, point);
    }
    if (this.#points.length > MOST_POINTS * 1.25) this.#points.splice(0, this.#points.length - MOST_POINTS);
  }

  #place(frame: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle].frame < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface BoxedFrame {
  readonly frame: number;
  readonly time: number;
  readonly targets: readonly {
    readonly id: string;
    readonly label?: string | undefined;
    readonly box: Box;
    readonly score: number;
    readonly state: TargetState;
  }[];
}

/** Frames whose time is remembered, for histories that come without. */
const MOST_TIMES = 512;

/**
 * Every box of one stream, by target and frame: what is drawn on a picture is looked up here under the index of its frame, so that a box
 * is never drawn on a picture that it was not computed on. Bounded in frames per target; a removed target is forgotten.
 */
export class Tracks {
  readonly #tracks = new Map<string, Track>();
  /** Targets that were removed: pictures of earlier frames may come later and must not bring them back. */
  readonly #removed = new Map<string, number>();
  readonly #times = new Map<number, number>();

  get ids(): readonly string[] {
    return [...this.#tracks.keys()];
  }

  get(id: string): Track | undefined {
    return this.#tracks.get(id);
  }

  /** The targets of a frame, where they were in that very frame. */
  on(frame: number): TargetOnFrame[] {
    return [...this.#tracks].flatMap(([id, track]) => {
      const point = track.at(frame);
      return point ? [{ id, label: track.label, ...point }] : [];
    });
  }

  /** Takes the boxes of a frame, from a box message or with a picture. What came before for the same frame stays: it may be newer. */
  frame({ frame, time, targets }: BoxedFrame): void {
    this.#times.set(frame, time);
    if (this.#times.size > MOST_TIMES) this.#times.delete(this.#times.keys().next().value as number);
    for (const { id, label, box, score, state } of targets) {
      if (frame <= (this.#removed.get(id) ?? Number.NEGATIVE_INFINITY)) continue;
      this.#track(id, label).put({ frame, time, box, score, state }, false);
    }
  }

  /**
   * Takes what was computed anew for frames that have passed, in place of what was there.
   * @param now server's time of the last entry
   */
  history(id: string, label: string | undefined, entries: readonly HistoryEntry[], now: number): void {
    this.#removed.delete(id);
    const track = this.#track(id, label);
    const end = entries.at(-1)?.pts ?? 0;
    for (const { frame, pts, box, score, state } of entries) {
      const time = this.#times.get(frame) ?? now - (end - pts) * 1000;
      track.put({ frame, time, box, score, state }, true);
    }
  }

  /** @param frame the newest one */
  remove(id: string, frame: number): void {
    this.#tracks.delete(id);
    this.#removed.delete(id);
    this.#removed.set(id, frame);
    if (this.#removed.size > MOST_TIMES) this.#removed.delete(this.#removed.keys().next().value as string);
  }

  /** Frame indexes mean other frames from now on. */
  clear(): void {
    this.#tracks.clear();
    this.#removed.clear();
    this.#times.clear();
  }

  #track(id: string, label: string | undefined): Track {
    let track = this.#tracks.get(id);
    if (!track) {
      track = new Track();
      this.#tracks.set(id, track);
    }
    track.label = label ?? track.label;
    return track;
  }
}
