import { type Box, type I420Picture, InvalidArgumentError, SiamtrackError } from '../common/index.js';
import {
  type Colour,
  contextSide,
  cosineSimilarity,
  cropForModel,
  cropLayout,
  type Embedding,
  type Model,
  meanColour,
} from '../model/index.js';
import { believe, type Evidence, evidenceOf, logit } from './belief.js';
import { BoxForm, type Pick } from './box-form.js';
import { type Extent, networkPlace, targetPlace } from './extent.js';
import { regionsToSearch } from './finder.js';
import { boxOf, checkFirstBox, keepInFrame, type Place, placeOf, SMALLEST_SIDE } from './geometry.js';
import { type StoredMemory, TargetMemory } from './memory.js';
import { nextPresence, type Presence, type StateThresholds, type TargetState } from './presence.js';
import { SiamfcForm } from './siamfc-form.js';
import { loadEmbedding, type StoredEmbedding, storeEmbedding } from './snapshot.js';
import { rescale, type Target } from './target.js';

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
  /** Told what every pick was believed by; for calibration. */
  /** Learns while following what tells the target from what is around it. Default true. */
  readonly memory?: boolean;
  /** Reports what was pointed at, where the network takes the target to be larger or smaller. Default true. */
  readonly extent?: boolean;
  readonly onEvidence?: (evidence: Evidence) => void;
}

/** All a tracker knows, as plain JSON: `Tracker.restore` goes on from it exactly as the tracker itself would. */
export interface TrackerSnapshot extends Omit<Target, 'template' | 'looks' | 'memory'> {
  readonly version: 3;
  /** Name and version of the model it belongs to. */
  readonly model: string;
  readonly template: StoredEmbedding;
  readonly looks: readonly StoredEmbedding[];
  readonly memory?: StoredMemory;
}

/** A tracker used out of turn. Codes: `NOT_INITIALISED`, `TRACKER_BUSY`. */
export class TrackerStateError extends SiamtrackError {}

/** What a search found, and the embedding of where it searched. */
interface Sighting {
  readonly pick: Pick;
  readonly embedding?: Embedding;
}

/** Seconds between frames where no times are given. */
const FRAME = 1 / 25;
/** Share of a frame in the running mean of log-odds. */
const HISTORY = 0.2;
/** Search regions looked at in each frame while the target is lost, unless told. */
const SEARCH_BUDGET = 4;
/** Frames in a row in which a lost target must be seen again to be found. */
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
  readonly #model: Model;
  readonly #form: BoxForm | SiamfcForm;
  readonly #states: StateThresholds;
  readonly #options: TrackerOptions;
  #target: Target | undefined;
  #busy = false;

  constructor(model: Model, options: TrackerOptions = {}) {
    this.#model = model;
    this.#form = formOf(model);
    this.#states = options.states ?? model.manifest.tracker.states;
    this.#options = options;
  }

  /**
   * A tracker that goes on from a snapshot.
   * @throws InvalidArgumentError for one of another model or of another version of this program
   */
  static restore(model: Model, snapshot: TrackerSnapshot, options: TrackerOptions = {}): Tracker {
    const { version, model: name, template, looks, memory, ...rest } = snapshot;
    if (version !== 3) throw new InvalidArgumentError('snapshot', 'version 3', version);
    if (name !== identity(model))
      throw new InvalidArgumentError('snapshot', `one of ${identity(model)}`, name);
    const tracker = new Tracker(model, options);
    tracker.#target = {
      ...rest,
      template: loadEmbedding(template),
      looks: looks.map(loadEmbedding),
      memory: memory && TargetMemory.load(memory),
    };
    return tracker;
  }

  /** @throws TrackerStateError before `init`, or while a call is under way */
  snapshot(): TrackerSnapshot {
    if (this.#busy) throw busy();
    if (!this.#target)
      throw new TrackerStateError('NOT_INITIALISED', 'Expected init before snapshot, got snapshot.');
    const { template, looks, memory, ...rest } = this.#target;
    return {
      version: 3,
      model: identity(this.#model),
      template: storeEmbedding(template),
      looks: looks.map(storeEmbedding),
      ...(memory && { memory: memory.store() }),
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
      const template = await this.#embed(picture, first, mean);
      const { memory, extent } = await this.#begin(picture, first, mean, template);
      const smallest = { w: Math.min(SMALLEST_SIDE, first.w), h: Math.min(SMALLEST_SIDE, first.h) };
      const own = extent ? networkPlace(first, extent) : first;
      const place = keepInFrame(own, picture, smallest);
      const { width, height } = picture;
      const presence: Presence = { state: 'tracking', mean: 1 };
      const sure = { presence, history: logit(SURE), likeness: 1, looks: [], remembered: seconds };
      const known = {
        template,
        mean,
        smallest,
        first: own,
        place,
        seen: place,
        sure: place,
        width,
        height,
        seconds,
        memory,
        learnt: seconds,
        extent,
      };
      this.#target = { ...known, ...sure, turn: 0, streak: 0 };
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
    const { pick, embedding } = await this.#search(picture, target, at);
    const belief = this.#believe(pick, target, target.history);
    target.history += (logit(pick.score) - target.history) * HISTORY;
    target.presence = nextPresence(target.presence, belief, elapsed, states);
    target.place = keepInFrame(pick.place, picture, target.smallest);
    if (belief >= states.tracking) target.sure = target.place;
    if (target.presence.state === 'lost') {
      // In its last frames the box may have gone astray, or shrunk.
      target.seen = target.sure;
      target.turn = 0;
      target.streak = 0;
    } else if (belief >= states.lost) target.seen = target.place;
    if (target.presence.state === 'tracking' && belief >= states.tracking)
      await this.#remember(picture, target);
    // Last, as it cannot be taken back where something fails.
    if (embedding && belief >= LEARNABLE) this.#learn(target, pick, at, embedding);
    return belief;
  }

  /**
   * While the target is lost: goes on where it was and, until something is seen elsewhere, looks at the next few regions
   * of the picture. What is seen must look like the target; elsewhere it must be believed in several frames in a row.
   */
  async #find(picture: I420Picture, target: Target, elapsed: number): Promise<number> {
    const { tracking, lost } = this.#states;
    const budget = this.#options.searchBudget ?? SEARCH_BUDGET;
    const regions =
      target.streak > 0 || budget === 0 || !(this.#form instanceof BoxForm)
        ? []
        : regionsToSearch(picture, target.seen, this.#searchSide(target.seen), target.turn, budget);
    target.turn += regions.length;
    const [{ pick: here }, ...elsewhere] = await Promise.all([
      this.#search(picture, target, target.place),
      ...regions.map((region) => this.#search(picture, target, { ...target.seen, ...region }, true)),
    ]);
    const belief = this.#believe(here, target, target.history);
    const presence = nextPresence(target.presence, belief, elapsed, this.#states);
    const place = keepInFrame(here.place, picture, target.smallest);
    const found = (): number => {
      const state = belief >= tracking ? 'tracking' : 'uncertain';
      Object.assign(target, {
        place,
        seen: place,
        streak: 0,
        presence: { state, mean: Math.max(belief, lost) },
      });
      return belief;
    };
    const still = Math.min(lost, belief);
    target.history += (logit(here.score) - target.history) * HISTORY;
    target.presence = { state: 'lost', mean: presence.mean };
    if (target.streak > 0) {
      if (belief < tracking) Object.assign(target, { place: target.seen, streak: 0 });
      else if (target.streak + 1 >= CONFIRMED) return found();
      else Object.assign(target, { place, streak: target.streak + 1 });
      return still;
    }
    const candidate = elsewhere
      .map(({ pick }) => ({ pick, belief: this.#believe(pick, target, 0) }))
      .filter((other) => other.belief >= Math.max(tracking, belief))
      .sort((one, other) => other.belief - one.belief)
      .at(0);
    const there = candidate && keepInFrame(candidate.pick.place, picture, target.smallest);
    if (there && (await this.#looksLike(picture, target, there))) {
      Object.assign(target, { place: there, streak: 1, history: logit(candidate.pick.score) });
      return still;
    }
    if (presence.state !== 'lost' && (await this.#looksLike(picture, target, place))) return found();
    target.place = place;
    return still;
  }

  /** Keeps a look at the target now and then, where it is sure. */
  async #remember(picture: I420Picture, target: Target): Promise<void> {
    if (target.seconds - target.remembered < REMEMBER_EVERY || target.presence.mean < SURE) return;
    const look = await this.#embed(picture, target.place, target.mean);
    const likeness = cosineSimilarity(target.template, look);
    target.remembered = target.seconds;
    target.likeness = Math.min(target.likeness, target.likeness + (likeness - target.likeness) * 0.5);
    target.looks = [...target.looks.slice(1 - LOOKS), look];
  }

  /** What a box head tells of a target where it was pointed at; its memory, unless model or options want none. */
  async #begin(
    picture: I420Picture,
    first: Place,
    mean: Colour,
    template: Embedding,
  ): Promise<{ memory?: TargetMemory; extent?: Extent }> {
    const form = this.#form;
    const { manifest, encoder } = this.#model;
    const remembers = this.#options.memory !== false && manifest.tracker.memory > 0;
    const measures = this.#options.extent !== false;
    if (!(form instanceof BoxForm) || !(remembers || measures)) return {};
    const { cx, cy } = first;
    const side = this.#searchSide(first);
    const crop = { picture, cx, cy, side, mean, layout: cropLayout(manifest) };
    const responded = await encoder.respond(template, crop);
    const extent = measures ? form.extentOf(responded, first, side) : undefined;
    if (!remembers) return { extent };
    const { embedding } = responded;
    const place = form.cellPlace(first, first, side, embedding.side);
    return { extent, memory: TargetMemory.begin(embedding, place) };
  }

  /** Learns from a frame now and then, where both the belief and the memory itself say that it is the target. */
  #learn(target: Target, { place, response }: Pick, at: Place, embedding: Embedding): void {
    const { memory, seconds, learnt } = target;
    if (!memory || !(this.#form instanceof BoxForm) || seconds - learnt < LEARN_EVERY) return;
    if ((response?.remembered ?? 0) < FAMILIAR) return;
    target.learnt = seconds;
    memory.learn(embedding, this.#form.cellPlace(place, at, this.#searchSide(at), embedding.side));
  }

  /** Whether a place looks like the target, by its first look or a later one. */
  async #looksLike(picture: I420Picture, target: Target, place: Place): Promise<boolean> {
    const look = await this.#embed(picture, place, target.mean);
    const likeness = Math.max(
      ...[target.template, ...target.looks].map((own) => cosineSimilarity(own, look)),
    );
    return likeness >= target.likeness - UNLIKE;
  }

  #believe(pick: Pick, target: Target, history: number): number {
    const { w, h } = pick.response?.raw ?? pick.place;
    const growth = Math.abs(Math.log((w * h) / (target.first.w * target.first.h))) / 2;
    const evidence = evidenceOf(pick, history, growth);
    this.#options.onEvidence?.(evidence);
    return believe(this.#model.manifest.tracker.calibration, evidence);
  }

  async #search(picture: I420Picture, target: Target, at: Place, anywhere = false): Promise<Sighting> {
    const { manifest, encoder } = this.#model;
    const { search: size } = manifest.input;
    const side = this.#searchSide(at);
    const { cx, cy } = at;
    const layout = cropLayout(manifest);
    const crop = (factor: number) => ({ picture, cx, cy, side: side * factor, mean: target.mean, layout });
    const form = this.#form;
    if (form instanceof BoxForm) {
      const responded = await encoder.respond(target.template, crop(1));
      const { embedding } = responded;
      const memory = target.memory && { target: target.memory, embedding };
      return { pick: form.pick(responded, at, side, anywhere, memory), embedding };
    }
    const searches = await Promise.all(form.factors.map((factor) => encoder.embed(size, crop(factor))));
    return { pick: form.pick(target.template, searches, at, side) };
  }

  /** Side of the search region around a place, in frame pixels. */
  #searchSide({ w, h }: Place): number {
    const { contextAmount, input } = this.#model.manifest;
    return (contextSide(w, h, contextAmount) * input.search) / input.template;
  }

  /** The target's look at a place: a template embedding. */
  #embed(picture: I420Picture, place: Place, mean: Colour): Promise<Embedding> {
    const { manifest, encoder } = this.#model;
    const size = manifest.input.template;
    const side = contextSide(place.w, place.h, manifest.contextAmount);
    return encoder.embed(size, (out, offset) =>
      cropForModel(manifest, picture, place.cx, place.cy, side, size, mean, out, offset),
    );
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

const forms = new WeakMap<Model, BoxForm | SiamfcForm>();

function formOf(model: Model): BoxForm | SiamfcForm {
  let form = forms.get(model);
  if (!form) {
    const { head } = model.manifest;
    form = head.kind === 'box' ? new BoxForm(model.manifest, head) : new SiamfcForm(model.manifest, head);
    forms.set(model, form);
  }
  return form;
}
