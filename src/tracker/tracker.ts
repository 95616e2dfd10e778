import { type Box, type I420Picture, SiamtrackError } from '../common/index.js';
import { type Model, meanColour } from '../model/index.js';
import { type Evidence, POINTED_AT } from './belief.js';
import type { Pick } from './box-form.js';
import { Elsewhere } from './elsewhere.js';
import { networkPlace, targetPlace } from './extent.js';
import { boxOf, checkFirstBox, keepInFrame, type Place, placeOf, SMALLEST_SIDE } from './geometry.js';
import { Judge } from './judge.js';
import { learnLook, learnSize, takeLook } from './lessons.js';
import { nextPresence, type Presence, type StateThresholds, type TargetState } from './presence.js';
import { learnSpeed, searchSize } from './search-size.js';
import { Sight } from './sight.js';
import { rescale, type Target } from './target.js';
import { loadTarget, storeTarget, type TrackerSnapshot } from './tracker-snapshot.js';
import { nearSize } from './usual-size.js';

/** What a tracker says of one frame. */
export interface TrackResult {
  /** Where the target is; while it is lost, where it was last seen. */
  readonly box: Box;
  /** Estimated probability that `box` overlaps the target by more than half, 0..1. */
  readonly score: number;
  readonly state: TargetState;
}

export interface TrackerOptions {
  /** Beliefs at or above `tracking` are that state, below `lost` that one. Default: the model's. */
  readonly states?: StateThresholds;
  /** Search regions looked at in each frame while the target is lost; 0 never looks for it. Default 4. */
  readonly searchBudget?: number;
  /** Learns while following what tells the target from what is around it. Default true. */
  readonly memory?: boolean;
  /** Reports what was pointed at, where the network takes the target to be larger or smaller. Default true. */
  readonly extent?: boolean;
  /**
   * The network's picks alone, for measuring what the rest brings: no memory, extent or calibration, search crops of one size, never in
   * doubt and never lost. `states`, `searchBudget`, `memory` and `extent` say nothing then. Default false.
   */
  readonly plain?: boolean;
  /** Told what every pick was believed by; for calibration. */
  readonly onEvidence?: (evidence: Evidence) => void;
}

/** A tracker used out of turn. Codes: `NOT_INITIALISED`, `TRACKER_BUSY`. */
export class TrackerStateError extends SiamtrackError {}

/** What makes a tracker plain. */
const PLAIN = { memory: false, extent: false, searchBudget: 0, states: { tracking: 0, lost: 0 } };
/** Seconds between frames where no times are given. */
const FRAME = 1 / 25;
/** Search regions looked at in each frame while the target is lost, unless told. */
const SEARCH_BUDGET = 4;
/**
 * Follows one target. Pictures are only read, and must stay as they are until the returned promise settles.
 *
 * Boxes may leave the frame by up to half of themselves (the centre stays inside); sides never exceed the frame's
 * nor fall below 10 px, or below the first box's where that is smaller. When the picture size changes between
 * frames, the last box is scaled along with it.
 */
export class Tracker {
  readonly #sight: Sight;
  readonly #judge: Judge;
  readonly #elsewhere: Elsewhere;
  readonly #states: StateThresholds;
  readonly #options: TrackerOptions;
  #target: Target | undefined;
  #busy = false;

  constructor(model: Model, options: TrackerOptions = {}) {
    this.#options = options.plain ? { ...options, ...PLAIN } : options;
    this.#sight = new Sight(model);
    this.#judge = new Judge(model, this.#options);
    this.#elsewhere = new Elsewhere(this.#sight, this.#judge);
    this.#states = this.#options.states ?? model.manifest.tracker.states;
  }

  /**
   * A tracker that goes on from a snapshot.
   * @throws InvalidArgumentError for one of another model or of another version of this program
   */
  static restore(model: Model, snapshot: TrackerSnapshot, options: TrackerOptions = {}): Tracker {
    const tracker = new Tracker(model, options);
    tracker.#target = loadTarget(model, snapshot);
    return tracker;
  }

  /** @throws TrackerStateError before `init`, or while a call is under way */
  snapshot(): TrackerSnapshot {
    if (this.#busy) throw busy();
    if (!this.#target)
      throw new TrackerStateError('NOT_INITIALISED', 'Expected init before snapshot, got snapshot.');
    return storeTarget(this.#sight.model, this.#target);
  }

  /**
   * Points at the target: `box` on `picture`. May be called again to point anew.
   * @param seconds the frame's pts, on the clock that `update` is given
   * @throws InvalidArgumentError for a box without area, with numbers that are not finite, or outside the picture;
   * one that is partly outside is taken as it is
   */
  async init(picture: I420Picture, box: Box, seconds = 0): Promise<void> {
    checkFirstBox(box, picture);
    await this.#inTurn(async () => {
      const first = placeOf(box);
      const mean = meanColour(picture);
      const template = await this.#sight.embed(picture, first, mean);
      const { memory, extent } = await this.#sight.begin(picture, first, mean, template, {
        memory: this.#options.memory !== false,
        extent: this.#options.extent !== false,
      });
      const smallest = { w: Math.min(SMALLEST_SIDE, first.w), h: Math.min(SMALLEST_SIDE, first.h) };
      const own = extent ? networkPlace(first, extent) : first;
      const place = keepInFrame(own, picture, smallest);
      const { width, height } = picture;
      const presence: Presence = { state: 'tracking', mean: 1 };
      const sure = { presence, past: POINTED_AT, likeness: 1, looks: [], remembered: seconds };
      const known = {
        template,
        mean,
        smallest,
        first: own,
        place,
        seen: place,
        sure: place,
        usual: { w: place.w, h: place.h },
        width,
        height,
        seconds,
        memory,
        learnt: seconds,
        lost: seconds,
        extent,
      };
      this.#target = { ...known, ...sure, speed: 0, turn: 0 };
    });
  }

  /**
   * Finds the target in the next picture. When this rejects, the target is where it was before.
   * @param seconds the frame's pts; without it, frames count as 1/25 s apart
   * @throws TrackerStateError before `init`, or while another call is under way
   */
  update(picture: I420Picture, seconds?: number): Promise<TrackResult> {
    return this.#inTurn(async () => {
      const before = this.#target;
      if (!before) throw new TrackerStateError('NOT_INITIALISED', 'Expected init before update, got update.');
      const target = rescale(before, picture);
      target.seconds = seconds ?? target.seconds + FRAME;
      const elapsed = target.seconds - before.seconds;
      const score =
        target.presence.state === 'lost'
          ? await this.#find(picture, target, elapsed)
          : await this.#follow(picture, target, elapsed);
      this.#target = target;
      const { state } = target.presence;
      const { seen, extent, smallest } = target;
      const shown = extent ? keepInFrame(targetPlace(seen, extent), picture, smallest) : seen;
      return { box: boxOf(shown), score, state };
    });
  }

  /** While the target is in sight. */
  async #follow(picture: I420Picture, target: Target, elapsed: number): Promise<number> {
    const states = this.#states;
    const at = target.place;
    const size = this.#options.plain ? this.#sight.usualSize : searchSize(this.#sight, target, elapsed);
    const { pick, embedding } = await this.#sight.search(picture, target, at, { size });
    learnSpeed(this.#sight, target, at, pick.place, elapsed);
    const belief = this.#believe(pick, target, elapsed);
    target.presence = nextPresence(target.presence, belief, elapsed, states);
    const place = belief < states.tracking ? nearSize(pick.place, target.usual) : pick.place;
    target.place = keepInFrame(place, picture, target.smallest);
    if (belief >= states.tracking) target.sure = target.place;
    learnSize(target, belief, elapsed);
    if (target.presence.state === 'lost') {
      // In its last frames the box may have gone astray, or shrunk.
      target.seen = target.sure;
      target.lost = target.seconds;
      target.turn = 0;
    } else if (belief >= states.lost) target.seen = target.place;
    if (target.presence.state === 'tracking') {
      target.turn = 0;
      if (belief >= states.tracking) await takeLook(this.#sight, picture, target);
    }
    // Last, as it cannot be taken back where something fails.
    learnLook(this.#sight, target, belief, pick, at, embedding);
    return belief;
  }

  /** While the target is lost: goes on where it was, and looks at the next few regions of the picture. */
  async #find(picture: I420Picture, target: Target, elapsed: number): Promise<number> {
    const [{ pick }, rumour] = await Promise.all([
      this.#sight.search(picture, target, { ...target.place, ...target.usual }),
      this.#elsewhere.look(picture, target, elapsed, this.#budget),
    ]);
    const belief = this.#believe(pick, target, elapsed);
    const presence = nextPresence(target.presence, belief, elapsed, this.#states);
    target.presence = { state: 'lost', mean: presence.mean };
    target.place = keepInFrame(pick.place, picture, target.smallest);
    // Elsewhere it must be believed more than where it was followed.
    const least = Math.max(this.#states.tracking, belief);
    if ((await this.#elsewhere.confirms(picture, target, rumour, least)) && rumour) {
      target.past = rumour.past;
      return this.#found(target, rumour.place, rumour.belief);
    }
    if (presence.state !== 'lost' && (await this.#elsewhere.isBack(picture, target, target.place)))
      return this.#found(target, target.place, belief);
    return Math.min(this.#states.lost, belief);
  }

  #found(target: Target, place: Place, belief: number): number {
    const { tracking, lost } = this.#states;
    const state = belief >= tracking ? 'tracking' : 'uncertain';
    const presence = { state, mean: Math.max(belief, lost) };
    Object.assign(target, { place, seen: place, turn: 0, rumour: undefined, presence });
    return belief;
  }

  get #budget(): number {
    return this.#options.searchBudget ?? SEARCH_BUDGET;
  }

  /** The belief in a pick of the target itself, which has a past. */
  #believe(pick: Pick, target: Target, elapsed: number): number {
    const { belief, past } = this.#judge.next(pick, target, target.past, elapsed);
    target.past = past;
    return belief;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) throw busy();
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

function busy(): TrackerStateError {
  return new TrackerStateError('TRACKER_BUSY', 'Expected one call at a time, got another before it settled.');
}
