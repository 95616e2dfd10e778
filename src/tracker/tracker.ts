import { type Box, type I420Picture, InvalidArgumentError, SiamtrackError } from '../common/index.js';
import {
  type Colour,
  contextSide,
  cropForModel,
  cropLayout,
  type Embedding,
  type Model,
  meanColour,
} from '../model/index.js';
import { BoxForm, type Pick } from './box-form.js';
import { boxOf, checkFirstBox, keepInFrame, type Place, placeOf, SMALLEST_SIDE } from './geometry.js';
import { SiamfcForm } from './siamfc-form.js';
import { loadEmbedding, type StoredEmbedding, storeEmbedding } from './snapshot.js';

/** How sure a tracker is: by thresholds on the score, from the model's manifest unless given. */
export type TargetState = 'tracking' | 'uncertain' | 'lost';

/** What a tracker says of one frame. */
export interface TrackResult {
  readonly box: Box;
  /** 0..1. */
  readonly score: number;
  readonly state: TargetState;
}

export interface TrackerOptions {
  /** Scores at or above `tracking` are that state, below `lost` that one. Default: the model's. */
  readonly states?: { readonly tracking: number; readonly lost: number };
}

/** All a tracker knows, as plain JSON: `Tracker.restore` goes on from it exactly as the tracker itself would. */
export interface TrackerSnapshot {
  readonly version: 1;
  /** Name and version of the model it belongs to. */
  readonly model: string;
  readonly template: StoredEmbedding;
  readonly mean: Colour;
  readonly smallest: { readonly w: number; readonly h: number };
  readonly place: Place;
  readonly width: number;
  readonly height: number;
}

/** A tracker used out of turn. Codes: `NOT_INITIALISED`, `TRACKER_BUSY`. */
export class TrackerStateError extends SiamtrackError {}

interface Target {
  readonly template: Embedding;
  readonly mean: Colour;
  readonly smallest: { readonly w: number; readonly h: number };
  place: Place;
  width: number;
  height: number;
}

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
  readonly #states: { readonly tracking: number; readonly lost: number };
  #target: Target | undefined;
  #busy = false;

  constructor(model: Model, options: TrackerOptions = {}) {
    this.#model = model;
    this.#form = formOf(model);
    this.#states = options.states ?? model.manifest.tracker.states;
  }

  /**
   * A tracker that goes on from a snapshot.
   * @throws InvalidArgumentError for one of another model or of another version of this program
   */
  static restore(model: Model, snapshot: TrackerSnapshot, options: TrackerOptions = {}): Tracker {
    const { version, model: name, template, ...rest } = snapshot;
    if (version !== 1) throw new InvalidArgumentError('snapshot', 'version 1', version);
    if (name !== identity(model))
      throw new InvalidArgumentError('snapshot', `one of ${identity(model)}`, name);
    const tracker = new Tracker(model, options);
    tracker.#target = { ...rest, template: loadEmbedding(template) };
    return tracker;
  }

  /** @throws TrackerStateError before `init`, or while a call is under way */
  snapshot(): TrackerSnapshot {
    if (this.#busy) throw busy();
    if (!this.#target)
      throw new TrackerStateError('NOT_INITIALISED', 'Expected init before snapshot, got snapshot.');
    const { template, ...rest } = this.#target;
    return { version: 1, model: identity(this.#model), template: storeEmbedding(template), ...rest };
  }

  /**
   * Points at the target: `box` on `picture`. May be called again to point anew.
   * @param seconds the frame's pts, on the clock that `update` is given
   * @throws InvalidArgumentError for a box without area, with numbers that are not finite, or outside the picture;
   * one that is partly outside is taken as it is
   */
  async init(picture: I420Picture, box: Box, _seconds?: number): Promise<void> {
    checkFirstBox(box, picture);
    await this.#inTurn(async () => {
      const place = placeOf(box);
      const mean = meanColour(picture);
      const { manifest, encoder } = this.#model;
      const size = manifest.input.template;
      const side = contextSide(place.w, place.h, manifest.contextAmount);
      const template = await encoder.embed(size, (out, offset) =>
        cropForModel(manifest, picture, place.cx, place.cy, side, size, mean, out, offset),
      );
      const smallest = { w: Math.min(SMALLEST_SIDE, place.w), h: Math.min(SMALLEST_SIDE, place.h) };
      const { width, height } = picture;
      this.#target = {
        template,
        mean,
        smallest,
        width,
        height,
        place: keepInFrame(place, picture, smallest),
      };
    });
  }

  /**
   * Finds the target in the next picture. When this rejects, the target is where it was before.
   * @param seconds the frame's pts; without it, frames count as evenly spaced
   * @throws TrackerStateError before `init`, or while another call is under way
   */
  update(picture: I420Picture, _seconds?: number): Promise<TrackResult> {
    return this.#inTurn(async () => {
      const target = this.#target;
      if (!target) throw new TrackerStateError('NOT_INITIALISED', 'Expected init before update, got update.');
      const last = rescale(target, picture);
      const { place, score } = await this.#search(picture, target, last);
      target.place = keepInFrame(place, picture, target.smallest);
      target.width = picture.width;
      target.height = picture.height;
      return { box: boxOf(target.place), score, state: this.#state(score) };
    });
  }

  async #search(picture: I420Picture, target: Target, last: Place): Promise<Pick> {
    const { manifest, encoder } = this.#model;
    const { template: templateSize, search: size } = manifest.input;
    const side = (contextSide(last.w, last.h, manifest.contextAmount) * size) / templateSize;
    const { cx, cy } = last;
    const layout = cropLayout(manifest);
    const crop = (factor: number) => ({ picture, cx, cy, side: side * factor, mean: target.mean, layout });
    const form = this.#form;
    if (form instanceof BoxForm)
      return form.pick(await encoder.respond(target.template, crop(1)), last, side);
    const searches = await Promise.all(form.factors.map((factor) => encoder.embed(size, crop(factor))));
    return form.pick(target.template, searches, last, side);
  }

  #state(score: number): TargetState {
    if (score >= this.#states.tracking) return 'tracking';
    return score < this.#states.lost ? 'lost' : 'uncertain';
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

/** The last place in the coordinates of a picture that may have another size. */
function rescale({ place, width, height }: Target, picture: I420Picture): Place {
  if (width === picture.width && height === picture.height) return place;
  const x = picture.width / width;
  const y = picture.height / height;
  return { cx: place.cx * x, cy: place.cy * y, w: place.w * x, h: place.h * y };
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
