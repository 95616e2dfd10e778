import { type Box, type I420Picture, InvalidArgumentError, SiamtrackError } from '../common/index.js';
import type { Model } from '../model/index.js';
import { Tracker, type TrackerOptions, type TrackResult } from './tracker.js';
import type { TrackerSnapshot } from './tracker-snapshot.js';

/** Some targets of a frame could not be searched; the others' results are here. Code `TARGETS_FAILED`. */
export class TargetsFailedError extends SiamtrackError {
  readonly results: ReadonlyMap<string, TrackResult>;
  readonly failures: ReadonlyMap<string, unknown>;

  constructor(results: ReadonlyMap<string, TrackResult>, failures: ReadonlyMap<string, unknown>) {
    const [cause] = failures.values();
    super(
      'TARGETS_FAILED',
      `Expected ${results.size + failures.size} targets searched, got ${results.size}; failed: ${[...failures.keys()].join(', ')}`,
      { cause },
    );
    this.results = results;
    this.failures = failures;
  }
}

/** All a group knows, as plain JSON: each target's id and tracker, in order. */
export interface TargetGroupSnapshot {
  readonly targets: readonly { readonly id: string; readonly tracker: TrackerSnapshot }[];
}

/**
 * Several targets on the same frames. Their requests are made together, so that they share batches; otherwise no
 * target's result depends on the others.
 */
export class TargetGroup {
  readonly #model: Model;
  readonly #options: TrackerOptions;
  readonly #trackers = new Map<string, Tracker>();

  constructor(model: Model, options: TrackerOptions = {}) {
    this.#model = model;
    this.#options = options;
  }

  /**
   * A group that goes on from a snapshot exactly as the group itself would.
   * @throws InvalidArgumentError for a snapshot of another model
   */
  static restore(model: Model, snapshot: TargetGroupSnapshot, options: TrackerOptions = {}): TargetGroup {
    const group = new TargetGroup(model, options);
    for (const { id, tracker } of snapshot.targets)
      group.#trackers.set(id, Tracker.restore(model, tracker, options));
    return group;
  }

  /** @throws TrackerStateError while an update is under way */
  snapshot(): TargetGroupSnapshot {
    return { targets: [...this.#trackers].map(([id, tracker]) => ({ id, tracker: tracker.snapshot() })) };
  }

  /** Ids of the targets, in the order they were added. */
  get ids(): readonly string[] {
    return [...this.#trackers.keys()];
  }

  /**
   * Adds a target by its box on a picture; it takes part in updates from when the promise has resolved.
   * @param seconds the frame's pts
   * @throws InvalidArgumentError for an id that is taken, or a box that `Tracker.init` refuses
   */
  async add(id: string, picture: I420Picture, box: Box, seconds?: number): Promise<void> {
    if (this.#trackers.has(id)) throw new InvalidArgumentError('id', 'one that no target has', id);
    const tracker = new Tracker(this.#model, this.#options);
    await tracker.init(picture, box, seconds);
    if (this.#trackers.has(id)) throw new InvalidArgumentError('id', 'one that no target has', id);
    this.#trackers.set(id, tracker);
  }

  /** Forgets a target; false where there was none of that id. */
  remove(id: string): boolean {
    return this.#trackers.delete(id);
  }

  /**
   * Finds all targets in the next picture.
   * @param seconds the frame's pts; without it, frames count as evenly spaced
   * @throws TargetsFailedError where some could not be searched; it holds the results of the others
   */
  async update(picture: I420Picture, seconds?: number): Promise<Map<string, TrackResult>> {
    const results = new Map<string, TrackResult>();
    const failures = new Map<string, unknown>();
    const ids = this.ids;
    const settled = await Promise.allSettled(
      [...this.#trackers.values()].map((t) => t.update(picture, seconds)),
    );
    for (const [k, outcome] of settled.entries()) {
      if (outcome.status === 'fulfilled') results.set(ids[k], outcome.value);
      else failures.set(ids[k], outcome.reason);
    }
    if (failures.size > 0) throw new TargetsFailedError(results, failures);
    return results;
  }
}
