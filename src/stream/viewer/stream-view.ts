import type {
  BoxesMessage,
  MissedMessage,
  PreviewHeader,
  StreamEventMessage,
  StreamInfo,
  TargetEventMessage,
} from '../protocol/index.js';
import { Recent } from './measures.js';
import { Colours } from './palette.js';
import { type TargetState, Tracks } from './tracks.js';

/** A target as it stands in the newest frame. */
export interface TargetNow {
  readonly id: string;
  readonly label?: string | undefined;
  readonly score: number;
  readonly state: TargetState;
}

/** What is known of one stream. */
export class StreamView {
  info: StreamInfo;
  readonly tracks = new Tracks();
  readonly colours = new Colours();
  readonly missed = { boxes: 0, previews: 0 };
  /** Box messages, with their milliseconds from decoding. */
  readonly boxes = new Recent();
  /** Pictures shown, with their milliseconds from decoding. */
  readonly pictures = new Recent();
  /** The newest frame told of. */
  newest: { readonly frame: number; readonly pts: number } | undefined;
  /** What is wrong with the source, in its own words. */
  trouble: string | undefined;
  selected: string | undefined;
  #targets = new Map<string, TargetNow>();
  /** Server's time of the first frame after the last jump; undefined until it has come. */
  #since: number | undefined = 0;

  constructor(info: StreamInfo) {
    this.info = info;
    this.#setTargets(info.targets);
  }

  get name(): string {
    return this.info.stream;
  }

  get targets(): readonly TargetNow[] {
    return [...this.#targets.values()];
  }

  target(id: string): TargetNow | undefined {
    return this.#targets.get(id);
  }

  /** The stream as a server describes it that this page has just (again) connected to. */
  refresh(info: StreamInfo): void {
    const restarted = info.counts.decoded < this.info.counts.decoded;
    const behind = info.held !== undefined && this.newest !== undefined && info.held.last < this.newest.frame;
    if (restarted || behind) this.#jump(0);
    this.info = info;
    this.#setTargets(info.targets);
  }

  onBoxes(message: BoxesMessage, now: number): void {
    const { frame, pts, time, size, targets, delay } = message;
    this.#since ??= time;
    this.newest = { frame, pts };
    this.boxes.add(now, delay);
    this.tracks.frame(message);
    this.#setTargets(targets);
    if (this.info.size?.width !== size.width || this.info.size.height !== size.height)
      this.info = { ...this.info, size };
  }

  /** @returns whether its picture is of the frames that are played now, rather than of those before a jump */
  onPreview(header: PreviewHeader): boolean {
    if (this.#since === undefined || header.time < this.#since) return false;
    this.tracks.frame(header);
    return true;
  }

  /** @returns whether a target came or went */
  onTarget({ event, target: id, label, frame, time, score, state, history }: TargetEventMessage): boolean {
    switch (event) {
      case 'added':
      case 'reinitialised': {
        const entries = history ?? [];
        this.tracks.history(id, label, entries, time);
        const { score: s, state: st } = entries.at(-1) ?? { score, state };
        this.#targets.set(id, { id, label, score: s, state: st });
        this.colours.of(id);
        return true;
      }
      case 'removed':
        this.tracks.remove(id, Math.max(frame, this.newest?.frame ?? frame));
        this.#forget(id);
        return true;
      default:
        this.#targets.set(id, { id, label, score, state });
        return false;
    }
  }

  onStream({ event, info, message }: StreamEventMessage): void {
    if (event === 'sought') this.#jump(undefined);
    this.trouble = event === 'error' || event === 'reconnecting' ? message : undefined;
    this.info = info;
    this.#setTargets(info.targets);
  }

  onMissed({ boxes, previews }: MissedMessage): void {
    this.missed.boxes += boxes;
    this.missed.previews += previews;
  }

  #jump(since: number | undefined): void {
    this.#since = since;
    this.newest = undefined;
    this.tracks.clear();
  }

  #setTargets(targets: readonly TargetNow[]): void {
    const present = new Set(targets.map(({ id }) => id));
    for (const id of this.#targets.keys()) if (!present.has(id)) this.#forget(id);
    for (const { id, label, score, state } of targets) {
      this.#targets.set(id, { id, label, score, state });
      this.colours.of(id);
    }
  }

  #forget(id: string): void {
    this.#targets.delete(id);
    this.colours.release(id);
    if (this.selected === id) this.selected = undefined;
  }
}
