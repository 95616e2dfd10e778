import { type Box, type I420Picture, InvalidArgumentError, SiamtrackError } from '../common/index.js';
import { cosineSimilarity, type Embedding, type Model, meanColour } from '../model/index.js';
import {
  believe,
  type Evidence,
  evidenceOf,
  firstPast,
  logit,
  type Past,
  POINTED_AT,
  pastAfter,
} from './belief.js';
import { BoxForm, type Pick } from './box-form.js';
import { networkPlace, targetPlace } from './extent.js';
import { regionsToSearch } from './finder.js';
import { boxOf, checkFirstBox, keepInFrame, type Place, placeOf, SMALLEST_SIDE } from './geometry.js';
import { type StoredMemory, TargetMemory } from './memory.js';
import { nextPresence, type Presence, type StateThresholds, type TargetState } from './presence.js';
import { loadScene, rememberScene, type StoredScene, storeScene, wasThere } from './scene.js';
import { Sight } from './sight.js';
import { loadEmbedding, type StoredEmbedding, storeEmbedding } from './snapshot.js';
import { type Rumour, rescale, type Target } from './target.js';
import { isUsualSize, nearSize, towards } from './usual-size.js';

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
  /** Told what every pick was believed by; for calibration. */
  readonly onEvidence?: (evidence: Evidence) => void;
}

/** All a tracker knows, as plain JSON: `Tracker.restore` goes on from it exactly as the tracker itself would. */
export interface TrackerSnapshot extends Omit<Target, 'template' | 'looks' | 'memory' | 'scene'> {
  readonly version: 7;
  /** Name and version of the model it belongs to. */
  readonly model: string;
  readonly template: StoredEmbedding;
  readonly looks: readonly StoredEmbedding[];
  readonly memory?: StoredMemory;
  readonly scene?: StoredScene;
}

/** A tracker used out of turn. Codes: `NOT_INITIALISED`, `TRACKER_BUSY`. */
export class TrackerStateError extends SiamtrackError {}

/** Seconds between frames where no times are given. */
const FRAME = 1 / 25;
/** Seconds in which the usual size takes in two thirds of a change, where the belief is `LEARNABLE`. */
const USUAL = 1.5;
/** Search regions looked at in each frame while the target is lost, unless told. */
const SEARCH_BUDGET = 4;
/** The same while it is uncertain, at most. */
const DOUBTFUL_BUDGET = 2;
/** Frames in a row in which a target must be seen elsewhere to be found there. */
const CONFIRMED = 3;
/** Looks kept, seconds between them, and the belief they need. */
const LOOKS = 3;
const REMEMBER_EVERY = 0.5;
const SURE = 0.7;
/** Seconds between two lessons of the memory, and what they need: the belief, and what the memory says itself. */
const LEARN_EVERY = 0.2;
const LEARNABLE = 0.6;
const FAMILIAR = 0.25;
/** How much less like the target than usual something may look that is taken for it, as a difference of cosines. */
const UNLIKE = 0.08;

/**
 * Follows one target. Pictures are only read, and must stay as they are until the returned promise settles.
 *
 * Boxes may leave the frame by up to half of themselves (the centre stays inside); sides never exceed the frame's
 * nor fall below 10 px, or below the first box's where that is smaller. When the picture size changes between
 * frames, the last box is scaled along with it.
 */
export class Tracker {
  readonly #sight: Sight;
  readonly #states: StateThresholds;
  readonly #options: TrackerOptions;
  #target: Target | undefined;
  #busy = false;

  constructor(model: Model, options: TrackerOptions = {}) {
    this.#sight = new Sight(model);
    this.#states = options.states ?? model.manifest.tracker.states;
    this.#options = options;
  }

  /**
   * A tracker that goes on from a snapshot.
   * @throws InvalidArgumentError for one of another model or of another version of this program
   */
  static restore(model: Model, snapshot: TrackerSnapshot, options: TrackerOptions = {}): Tracker {
    const { version, model: name, template, looks, memory, scene, ...rest } = snapshot;
    if (version !== 7) throw new InvalidArgumentError('snapshot', 'version 7', version);
    if (name !== identity(model))
      throw new InvalidArgumentError('snapshot', `one of ${identity(model)}`, name);
    const tracker = new Tracker(model, options);
    tracker.#target = {
      ...rest,
      template: loadEmbedding(template),
      looks: looks.map(loadEmbedding),
      memory: memory && TargetMemory.load(memory),
      ...(scene && { scene: loadScene(scene) }),
    };
    return tracker;
  }

  /** @throws TrackerStateError before `init`, or while a call is under way */
  snapshot(): TrackerSnapshot {
    if (this.#busy) throw busy();
    if (!this.#target)
      throw new TrackerStateError('NOT_INITIALISED', 'Expected init before snapshot, got snapshot.');
    const { template, looks, memory, scene, ...rest } = this.#target;
    return {
      version: 7,
      model: identity(this.#sight.model),
      template: storeEmbedding(template),
      looks: looks.map(storeEmbedding),
      ...(memory && { memory: memory.store() }),
      ...(scene && { scene: storeScene(scene) }),
      ...rest,
    };
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
        extent,
      };
      this.#target = { ...known, ...sure, turn: 0 };
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
    const doubtful = target.presence.state === 'uncertain';
    const [{ pick, embedding }, rumour] = await Promise.all([
      this.#sight.search(picture, target, at),
      doubtful
        ? this.#lookElsewhere(picture, target, elapsed, Math.min(this.#budget, DOUBTFUL_BUDGET))
        : undefined,
    ]);
    const belief = this.#judge(pick, target, elapsed);
    target.presence = nextPresence(target.presence, belief, elapsed, states);
    const place = belief < states.tracking ? nearSize(pick.place, target.usual) : pick.place;
    target.place = keepInFrame(place, picture, target.smallest);
    const moved = await this.#weighRumour(picture, target, belief, rumour);
    if (moved !== undefined) return moved;
    if (belief >= states.tracking) target.sure = target.place;
    if (belief >= LEARNABLE)
      target.usual = towards(target.usual, target.place, 1 - Math.exp(-Math.max(0, elapsed) / USUAL));
    if (target.presence.state === 'lost') {
      // In its last frames the box may have gone astray, or shrunk.
      target.seen = target.sure;
      target.turn = 0;
    } else if (belief >= states.lost) target.seen = target.place;
    if (target.presence.state === 'tracking') {
      target.turn = 0;
      if (belief >= states.tracking) await this.#remember(picture, target);
    }
    // Last, as it cannot be taken back where something fails.
    if (embedding && belief >= LEARNABLE) this.#learn(target, pick, at, embedding);
    return belief;
  }

  /** While the target is lost: goes on where it was, and looks at the next few regions of the picture. */
  async #find(picture: I420Picture, target: Target, elapsed: number): Promise<number> {
    const [{ pick }, rumour] = await Promise.all([
      this.#sight.search(picture, target, { ...target.place, ...target.usual }),
      this.#lookElsewhere(picture, target, elapsed, this.#budget),
    ]);
    const belief = this.#judge(pick, target, elapsed);
    const presence = nextPresence(target.presence, belief, elapsed, this.#states);
    target.presence = { state: 'lost', mean: presence.mean };
    target.place = keepInFrame(pick.place, picture, target.smallest);
    const moved = await this.#weighRumour(picture, target, belief, rumour);
    if (moved !== undefined) return moved;
    if (
      presence.state !== 'lost' &&
      this.#mayBe(picture, target, target.place) &&
      (await this.#looksLike(picture, target, target.place))
    )
      return this.#found(target, target.place, belief);
    return Math.min(this.#states.lost, belief);
  }

  /** What is seen in the next few regions of the picture, or of what was seen there in the frame before. */
  async #lookElsewhere(
    picture: I420Picture,
    target: Target,
    elapsed: number,
    budget: number,
  ): Promise<Rumour | undefined> {
    const { rumour } = target;
    if (rumour) {
      const { pick } = await this.#sight.search(picture, target, rumour.place);
      const past = pastAfter(rumour.past, pick, elapsed);
      const belief = this.#believe(pick, target, rumour.past, past);
      const place = keepInFrame(pick.place, picture, target.smallest);
      return { place, belief, past: { ...past, history: logit(pick.score) }, streak: rumour.streak + 1 };
    }
    if (budget === 0 || !(this.#sight.form instanceof BoxForm)) return undefined;
    const seen = { ...target.seen, ...target.usual };
    const regions = regionsToSearch(picture, seen, this.#sight.searchSide(seen), target.turn, budget);
    target.turn += regions.length;
    const sightings = await Promise.all(
      regions.map((region) => this.#sight.search(picture, target, { ...seen, ...region }, true)),
    );
    return sightings
      .map(({ pick }) => {
        const past = firstPast(pick);
        return {
          place: keepInFrame(pick.place, picture, target.smallest),
          belief: this.#believe(pick, target, past, past),
          past: { ...past, history: logit(pick.score) },
          streak: 1,
        };
      })
      .sort((one, other) => other.belief - one.belief)
      .at(0);
  }

  /**
   * Takes the target for elsewhere when something that looks like it was believed there in several frames in a row, and more
   * than what is where it was followed; then returns the belief.
   */
  async #weighRumour(
    picture: I420Picture,
    target: Target,
    belief: number,
    rumour: Rumour | undefined,
  ): Promise<number | undefined> {
    target.rumour = undefined;
    if (!rumour || rumour.belief < Math.max(this.#states.tracking, belief)) return undefined;
    if (!this.#mayBe(picture, target, rumour.place)) return undefined;
    if (rumour.streak >= CONFIRMED) {
      target.past = rumour.past;
      return this.#found(target, rumour.place, rumour.belief);
    }
    if (rumour.streak > 1 || (await this.#looksLike(picture, target, rumour.place))) target.rumour = rumour;
    return undefined;
  }

  #found(target: Target, place: Place, belief: number): number {
    const { tracking, lost } = this.#states;
    const state = belief >= tracking ? 'tracking' : 'uncertain';
    Object.assign(target, { place, seen: place, turn: 0, presence: { state, mean: Math.max(belief, lost) } });
    return belief;
  }

  get #budget(): number {
    return this.#options.searchBudget ?? SEARCH_BUDGET;
  }

  /** Keeps a look at the target now and then, where it is sure. */
  async #remember(picture: I420Picture, target: Target): Promise<void> {
    if (target.seconds - target.remembered < REMEMBER_EVERY || target.presence.mean < SURE) return;
    const look = await this.#sight.embed(picture, target.place, target.mean);
    const likeness = cosineSimilarity(target.template, look);
    target.remembered = target.seconds;
    target.scene = rememberScene(picture, target.place);
    target.likeness = Math.min(target.likeness, target.likeness + (likeness - target.likeness) * 0.5);
    target.looks = [...target.looks.slice(1 - LOOKS), look];
  }

  /** Learns from a frame now and then, where both the belief and the memory itself say that it is the target. */
  #learn(target: Target, { place, response }: Pick, at: Place, embedding: Embedding): void {
    const { memory, seconds, learnt } = target;
    const { form } = this.#sight;
    if (!memory || !(form instanceof BoxForm) || seconds - learnt < LEARN_EVERY) return;
    if ((response?.remembered ?? 0) < FAMILIAR) return;
    target.learnt = seconds;
    memory.learn(embedding, form.cellPlace(place, at, this.#sight.searchSide(at), embedding.side));
  }

  /** Whether the target may have come back at a place: by its size, and as nothing that was there before. */
  #mayBe(picture: I420Picture, { usual, scene }: Target, place: Place): boolean {
    return isUsualSize(place, usual) && !(scene && wasThere(scene, picture, place));
  }

  /** Whether a place looks like the target, by its first look or a later one. */
  async #looksLike(picture: I420Picture, target: Target, place: Place): Promise<boolean> {
    const look = await this.#sight.embed(picture, place, target.mean);
    const likeness = Math.max(
      ...[target.template, ...target.looks].map((own) => cosineSimilarity(own, look)),
    );
    return likeness >= target.likeness - UNLIKE;
  }

  /** The belief in a pick of the target itself, which has a past. */
  #judge(pick: Pick, target: Target, elapsed: number): number {
    const before = target.past;
    target.past = pastAfter(before, pick, elapsed);
    return this.#believe(pick, target, before, target.past);
  }

  #believe(pick: Pick, target: Target, before: Past, after: Past): number {
    const { w, h } = pick.response?.raw ?? pick.place;
    const growth = Math.abs(Math.log((w * h) / (target.first.w * target.first.h))) / 2;
    const evidence = evidenceOf(pick, before, after, growth);
    this.#options.onEvidence?.(evidence);
    return believe(this.#sight.model.manifest.tracker.calibration, evidence);
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

function identity({ manifest }: Model): string {
  return `${manifest.name} ${manifest.version}`;
}
