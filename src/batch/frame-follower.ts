import type { Box, I420Picture } from '../common/index.js';
import { type BoxMessage, boxMessage, type MessageTarget } from '../formats/index.js';
import type { Frame, ReversedFrame } from '../ingest/index.js';
import type { Model } from '../model/index.js';
import type { Start } from '../pipeline/index.js';
import { TargetGroup } from '../tracker/index.js';
import type { BatchJob } from './job.js';
import type { Checkpoint } from './state-folder.js';
import type { BatchTarget } from './target.js';

/** Where a target was pointed at. */
interface Started {
  readonly frame: number;
  readonly pts: number;
}

/**
 * Follows the targets of a job frame by frame: forwards, where each joins on its start frame, then, after {@link turn}, backwards, where
 * those that ask for it join on that frame again. All it knows is in its checkpoint.
 */
export class FrameFollower {
  readonly #job: BatchJob;
  readonly #model: Model;
  #group: TargetGroup;
  #backwards = false;
  #next = 0;
  #done = 0;
  readonly #started: Map<string, Started>;

  constructor(job: BatchJob, model: Model, started: Readonly<Record<string, Started>> = {}) {
    this.#job = job;
    this.#model = model;
    this.#group = new TargetGroup(model, job.tracking);
    this.#started = new Map(Object.entries(started));
  }

  /** A follower that goes on from a checkpoint as the one it was taken of would. */
  static restore(job: BatchJob, model: Model, from: Checkpoint): FrameFollower {
    const follower = new FrameFollower(job, model, from.started);
    follower.#group = TargetGroup.restore(model, from.snapshot, job.tracking);
    follower.#backwards = from.ended !== undefined;
    follower.#next = from.next;
    follower.#done = from.done;
    return follower;
  }

  /** Index of the frame that comes next; below 0 at the end of the way backwards. */
  get next(): number {
    return this.#next;
  }

  /** Frames followed so far, both ways. */
  get done(): number {
    return this.#done;
  }

  /** Where the source may be opened: nothing before it is of interest. */
  get firstStart(): Start | undefined {
    const starts = this.#job.targets.map(({ start }) => start);
    const frames = starts.flatMap((start) => ('frame' in start ? [start.frame] : []));
    if (frames.length === starts.length) return { frame: Math.min(...frames) };
    return frames.length === 0
      ? { seconds: Math.min(...starts.map((start) => ('seconds' in start ? start.seconds : 0))) }
      : undefined;
  }

  /** A target whose start has not come. */
  get waiting(): BatchTarget | undefined {
    return this.#job.targets.find(({ id }) => !this.#started.has(id));
  }

  /** How many frames the way backwards has, as far as is known. */
  get reach(): number {
    return Math.max(0, ...this.#reversed().map(({ id }) => (this.#started.get(id)?.frame ?? -1) + 1));
  }

  /** Begins the way backwards, at the last start frame of those that ask for it. */
  turn(): void {
    this.#group = new TargetGroup(this.#model, this.#job.tracking);
    this.#backwards = true;
    this.#next = this.reach - 1;
  }

  /**
   * Follows through the next frame.
   *
   * @returns the frame's line; `undefined` where no target is on its way yet
   */
  async follow(frame: Frame | ReversedFrame): Promise<BoxMessage | undefined> {
    const found = await (this.#backwards ? this.#followBack(frame) : this.#followOn(frame));
    this.#next = frame.index + (this.#backwards ? -1 : 1);
    this.#done++;
    if (found.length === 0) return undefined;
    return boxMessage(this.#job.name, { ...header(frame), wallTime: 0 }, found);
  }

  /** @throws TrackerStateError while a frame is under way */
  checkpoint(key: string, attempt: number): Checkpoint {
    return {
      format: 1,
      key,
      attempt,
      next: this.#next,
      done: this.#done,
      forwards: { bytes: 0, sha256: '' },
      started: Object.fromEntries(this.#started),
      snapshot: this.#group.snapshot(),
    };
  }

  async #followOn(frame: Frame | ReversedFrame): Promise<MessageTarget[]> {
    const results = await this.#update(frame, frame.pts);
    for (const target of this.#job.targets) {
      const { id, start } = target;
      const due = 'frame' in start ? frame.index >= start.frame : frame.pts >= start.seconds;
      if (!due || this.#started.has(id)) continue;
      const box = boxOn(target, frame);
      await this.#group.add(id, frame, box, frame.pts);
      this.#started.set(id, { frame: frame.index, pts: frame.pts });
      results.set(id, { box, score: 1, state: 'tracking' });
    }
    return this.#inOrder(results);
  }

  /** Time runs backwards too: what passes between two frames is positive. */
  async #followBack(frame: Frame | ReversedFrame): Promise<MessageTarget[]> {
    const results = await this.#update(frame, -frame.pts);
    for (const target of this.#reversed())
      if (this.#started.get(target.id)?.frame === frame.index)
        await this.#group.add(target.id, frame, boxOn(target, frame), -frame.pts);
    return this.#inOrder(results);
  }

  async #update(
    frame: I420Picture,
    seconds: number,
  ): Promise<Map<string, Omit<MessageTarget, 'id' | 'label'>>> {
    return this.#group.ids.length === 0 ? new Map() : new Map(await this.#group.update(frame, seconds));
  }

  #inOrder(results: ReadonlyMap<string, Omit<MessageTarget, 'id' | 'label'>>): MessageTarget[] {
    return this.#job.targets.flatMap(({ id, label }) => {
      const result = results.get(id);
      return result ? [{ id, label, box: result.box, score: result.score, state: result.state }] : [];
    });
  }

  #reversed(): BatchTarget[] {
    return this.#job.targets.filter(({ backwards }) => backwards);
  }
}

function boxOn({ box, units }: BatchTarget, { width, height }: I420Picture): Box {
  if (units === 'pixels') return box;
  const [x, y, w, h] = box;
  return [x * width, y * height, w * width, h * height];
}

function header({ index, pts, width, height }: Frame | ReversedFrame) {
  return { index, pts, width, height };
}
