import { type Box, InvalidArgumentError } from '../../common/index.js';
import type { MessageTarget } from '../../formats/index.js';
import type { Model } from '../../model/index.js';
import {
  CommandError,
  type HostListener,
  type TargetEventMessage,
  type TargetInfo,
} from '../../stream/index.js';
import { Tracker, type TrackerOptions, type TrackResult } from '../../tracker/index.js';
import type { HeldFrame, HeldFrames } from './held-frames.js';
import { type Candidate, type LiveTarget, messageTarget } from './target.js';
import { historyEntry, infoOf, targetEvent } from './target-event.js';

/** A box on a frame. */
export interface TargetGiven {
  /** Default: a number that no target has had. */
  readonly target?: string;
  readonly label?: string;
  readonly box: Box;
  readonly units: 'pixels' | 'normalised';
  readonly frame: 'now' | number;
}

export interface SessionTargetsOptions {
  readonly name: string;
  readonly model: Model;
  readonly held: HeldFrames;
  readonly tracking?: TrackerOptions;
  readonly maxTargets: number;
  readonly listener: HostListener;
  readonly onWarning?: (message: string, error: unknown) => void;
}

/** A target nearer to the newest frame than this, in frames, is waited for: it joins before the next frame. */
const NEAR = 2;
/** Searches in a row that may fail until a target is given up. */
const MOST_FAILURES = 10;

/**
 * The targets of one stream. Between two frames they are as the last frame left them; those being caught up with the stream are searched
 * beside it, in frames that are held, and join between two frames.
 */
export class SessionTargets {
  readonly #options: SessionTargetsOptions;
  readonly #targets = new Map<string, LiveTarget>();
  readonly #candidates = new Map<string, Candidate>();
  #number = 1;
  #closed = false;
  /** While a frame is searched: resolves when its results are out. */
  #searching: Promise<void> | undefined;

  constructor(options: SessionTargetsOptions) {
    this.#options = options;
  }

  get info(): TargetInfo[] {
    return [...this.#targets.values()].map(infoOf);
  }

  /** Puts the targets that a stream begins with on its first frame. Boxes that cannot be there are warned of. */
  async begin(
    { frame, seconds }: HeldFrame,
    initial: readonly (Omit<TargetGiven, 'frame'> & { target: string })[],
  ) {
    for (const { target: id, label, box: given, units } of initial) {
      try {
        const box = units === 'pixels' ? given : scaled(given, frame);
        const tracker = new Tracker(this.#options.model, this.#options.tracking);
        await tracker.init(frame, box, seconds);
        const first = { frame: frame.index, box, score: 1, state: 'tracking' as const };
        const target: LiveTarget = { id, label, tracker, ...first, failures: 0, fresh: true };
        this.#targets.set(id, target);
        this.#tell('added', target, frame, { history: [historyEntry(frame, target)] });
      } catch (error) {
        this.#options.onWarning?.(`target ${id} could not be put on the first frame`, error);
      }
    }
  }

  add(given: TargetGiven): Promise<{ target: string; frame: number }> {
    const { maxTargets } = this.#options;
    const id = given.target ?? this.#nextId();
    if (this.#targets.has(id) || this.#candidates.has(id))
      throw new CommandError('TARGET_EXISTS', `target: expected an id that no target has, got ${show(id)}`);
    if (this.#targets.size + this.#candidates.size >= maxTargets)
      throw new CommandError(
        'TARGET_LIMIT',
        `expected at most ${maxTargets} targets on a stream, got one more`,
      );
    return this.#bring(id, given.label, given, 'added');
  }

  reinit(given: TargetGiven & { readonly target: string }): Promise<{ target: string; frame: number }> {
    const target = this.#targets.get(given.target);
    if (!target || this.#candidates.has(given.target)) throw this.#notFound(given.target);
    return this.#bring(target.id, target.label, given, 'reinitialised');
  }

  remove(id: string, reason: TargetEventMessage['reason']): void {
    const candidate = this.#candidates.get(id);
    const target = this.#targets.get(id);
    if (!candidate && !target) throw this.#notFound(id);
    if (candidate) candidate.cancelled = true;
    if (target) this.#removed(target, reason);
  }

  /**
   * Searches every target in a frame. `publish` is called once, with the results, before any event that they bring; a target that joins
   * later begins with this frame already behind it.
   */
  async search(held: HeldFrame, publish: (targets: readonly MessageTarget[]) => void): Promise<void> {
    await this.#waitForNear();
    const { frame, seconds } = held;
    let done = () => {};
    this.#searching = new Promise((resolve) => {
      done = resolve;
    });
    const searched = [...this.#targets.values()].filter(({ fresh }) => !fresh);
    const settled = await Promise.allSettled(searched.map(({ tracker }) => tracker.update(frame, seconds)));
    for (const target of this.#targets.values()) target.fresh = false;
    const changed: ['lost' | 'found', LiveTarget][] = [];
    for (const [k, outcome] of settled.entries()) {
      const target = searched[k];
      const before = target.state;
      if (outcome.status === 'fulfilled') Object.assign(target, outcome.value, { failures: 0 });
      else this.#failed(target, outcome.reason);
      target.frame = frame.index;
      if (this.#targets.get(target.id) !== target) continue;
      if (before !== 'lost' && target.state === 'lost') changed.push(['lost', target]);
      if (before === 'lost' && target.state !== 'lost') changed.push(['found', target]);
    }
    publish([...this.#targets.values()].map(messageTarget));
    for (const [event, target] of changed) this.#tell(event, target, frame);
    this.#searching = undefined;
    done();
  }

  /** Removes every target. */
  async close(reason: TargetEventMessage['reason']): Promise<void> {
    this.#closed = true;
    for (const candidate of this.#candidates.values()) candidate.cancelled = true;
    await Promise.all([...this.#candidates.values()].map(({ settled }) => settled));
    for (const target of this.#targets.values()) this.#removed(target, reason);
  }

  #bring(id: string, label: string | undefined, given: TargetGiven, event: 'added' | 'reinitialised') {
    const held = this.#heldFrame(given.frame);
    const { frame } = held;
    const box = given.units === 'pixels' ? given.box : scaled(given.box, frame);
    const tracker = new Tracker(this.#options.model, this.#options.tracking);
    const candidate: Candidate = {
      id,
      label,
      tracker,
      cursor: frame.index,
      history: [],
      budget: this.#options.held.countAfter(frame.index),
      cancelled: false,
      settled: Promise.resolve(),
    };
    this.#candidates.set(id, candidate);
    frame.retain();
    const brought = (async () => {
      try {
        try {
          await tracker.init(frame, box, held.seconds);
          candidate.history.push(historyEntry(frame, { box, score: 1, state: 'tracking' }));
        } finally {
          frame.release();
        }
        const last = await this.#catchUp(candidate, { box, score: 1, state: 'tracking' });
        this.#join(candidate, last, held, event);
        return { target: id, frame: frame.index };
      } catch (error) {
        throw asCommandError(error);
      } finally {
        this.#candidates.delete(id);
      }
    })();
    candidate.settled = brought.catch(() => undefined);
    return brought;
  }

  /** Returns, with no wait behind it, when the candidate stands at the newest frame and none is being searched. */
  async #catchUp(candidate: Candidate, first: TrackResult): Promise<TrackResult> {
    let last = first;
    for (;;) {
      if (candidate.cancelled)
        throw new CommandError('TARGET_NOT_FOUND', 'it was removed before it was caught up');
      const next = this.#options.held.after(candidate.cursor);
      if (next) {
        next.frame.retain();
        try {
          last = await candidate.tracker.update(next.frame, next.seconds);
          candidate.history.push(historyEntry(next.frame, last));
        } finally {
          next.frame.release();
        }
        candidate.cursor = next.frame.index;
        candidate.budget--;
      } else if (this.#searching) await this.#searching;
      else return last;
    }
  }

  #join(candidate: Candidate, last: TrackResult, given: HeldFrame, event: 'added' | 'reinitialised'): void {
    const { id, label, tracker, cursor, history } = candidate;
    const target: LiveTarget = { id, label, tracker, ...last, frame: cursor, failures: 0, fresh: false };
    this.#targets.set(id, target);
    const { frame: _, ...then } = history[0];
    this.#tell(event, { ...target, ...then }, given.frame, { history });
    if (target.state === 'lost') {
      const { last: newest } = this.#options.held;
      if (newest) this.#tell('lost', target, newest.frame);
    }
  }

  /** Those about to arrive, or too slow to arrive beside the stream, arrive before the next frame. */
  async #waitForNear(): Promise<void> {
    for (const candidate of [...this.#candidates.values()])
      if (candidate.budget < 0 || this.#options.held.countAfter(candidate.cursor) <= NEAR)
        await candidate.settled;
  }

  #failed(target: LiveTarget, error: unknown): void {
    target.failures++;
    target.score = 0;
    target.state = 'lost';
    if (this.#targets.get(target.id) !== target) return;
    if (target.failures === 1) this.#options.onWarning?.(`target ${target.id} could not be searched`, error);
    if (target.failures >= MOST_FAILURES) this.#removed(target, 'failed');
  }

  #removed(target: LiveTarget, reason: TargetEventMessage['reason']): void {
    this.#targets.delete(target.id);
    const { last } = this.#options.held;
    this.#tell('removed', target, last?.frame ?? { index: target.frame, pts: 0 }, { reason });
  }

  #heldFrame(frame: 'now' | number): HeldFrame {
    const { held } = this.#options;
    const { first, last } = held;
    if (!first || !last || this.#closed)
      throw new CommandError('NO_FRAME', 'expected a stream with frames, got none yet');
    const found = frame === 'now' ? last : held.get(frame);
    if (found) return found;
    throw new CommandError(
      'FRAME_NOT_HELD',
      `frame: expected one that is held (${first.frame.index} to ${last.frame.index}), got ${frame}`,
    );
  }

  #nextId(): string {
    let id: string;
    do id = String(this.#number++);
    while (this.#targets.has(id) || this.#candidates.has(id));
    return id;
  }

  #notFound(id: string): CommandError {
    const ids = [...this.#targets.keys()].map(show).join(', ');
    return new CommandError('TARGET_NOT_FOUND', `target: expected one of ${ids || 'none'}, got ${show(id)}`);
  }

  #tell(
    event: TargetEventMessage['event'],
    target: Omit<LiveTarget, 'tracker' | 'failures' | 'frame' | 'fresh'>,
    frame: { readonly index: number; readonly pts: number },
    extra: Partial<Pick<TargetEventMessage, 'history' | 'reason'>> = {},
  ): void {
    this.#options.listener.onTarget(targetEvent(this.#options.name, event, target, frame, extra));
  }
}

function scaled([x, y, w, h]: Box, { width, height }: { width: number; height: number }): Box {
  return [x * width, y * height, w * width, h * height];
}

function asCommandError(error: unknown): unknown {
  if (!(error instanceof InvalidArgumentError)) return error;
  return new CommandError('BAD_BOX', error.message, { cause: error });
}

function show(text: string): string {
  return JSON.stringify(text);
}
