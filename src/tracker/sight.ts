import type { I420Picture } from '../common/index.js';
import {
  type Colour,
  contextSide,
  cropLayout,
  cropTemplate,
  type Embedding,
  type Model,
  maskTemplate,
} from '../model/index.js';
import { BoxForm, type Pick } from './box-form.js';
import { type Extent, lastingExtent } from './extent.js';
import type { Place } from './geometry.js';
import { TargetMemory } from './memory.js';
import { SiamfcForm } from './siamfc-form.js';
import type { Target } from './target.js';

/** Search regions, of the usual one's side, by which an extent is told; the usual one first. */
const EXTENT_SCALES = [1, 0.9, 1.1];

/** What a search found, and the embedding of where it searched. */
export interface Sighting {
  readonly pick: Pick;
  /** Only where there is a box head. */
  readonly embedding?: Embedding;
}

/** A model's eyes: crops around places, through the shared encoder. It keeps nothing of a target. */
export class Sight {
  readonly model: Model;
  readonly form: BoxForm | SiamfcForm;
  /** Sides of search crops to choose from, pixels, ascending: those that the model takes; on a GPU the usual one. */
  readonly sizes: readonly number[];
  /** The one that is taken unless told. */
  readonly usualSize: number;

  constructor(model: Model) {
    this.model = model;
    this.form = formOf(model);
    const { head, input } = model.manifest;
    // A GPU takes a batch for little more than a crop, and only crops of one size share a batch.
    const batches = model.encoder.engines.some(({ device }) => device !== 'cpu');
    const others = head.kind === 'box' && !batches ? (head.otherSearches ?? []) : [];
    this.usualSize = input.search;
    this.sizes = [input.search, ...others.map(({ side }) => side)].sort((a, b) => a - b);
  }

  /**
   * Looks for the target in the search region around a place.
   * @param anywhere no point of the region is preferred to another
   * @param size side of the search crop, pixels: one of `sizes`
   */
  async search(
    picture: I420Picture,
    target: Target,
    at: Place,
    { anywhere = false, size = this.usualSize } = {},
  ): Promise<Sighting> {
    const { manifest, encoder } = this.model;
    const side = this.searchSide(at, size);
    const { cx, cy } = at;
    const layout = cropLayout(manifest);
    const crop = (factor: number) => ({ picture, cx, cy, side: side * factor, mean: target.mean, layout });
    const form = this.form;
    if (form instanceof BoxForm) {
      const responded = await encoder.respond(target.template, crop(1), size);
      const { embedding } = responded;
      const memory = target.memory && { target: target.memory, embedding };
      return { pick: form.pick(responded, at, side, anywhere, memory), embedding };
    }
    const searches = await Promise.all(form.factors.map((factor) => encoder.embed(size, crop(factor))));
    return { pick: form.pick(target.template, searches, at, side) };
  }

  /** The look at a place: a template embedding, masked where the model's head wants it. */
  async embed(picture: I420Picture, place: Place, mean: Colour): Promise<Embedding> {
    const { manifest, encoder } = this.model;
    const size = manifest.input.template;
    const whole = await encoder.embed(size, (out, offset) =>
      cropTemplate(manifest, picture, place, mean, out, offset),
    );
    const { head, stride, contextAmount } = manifest;
    const mask = head.kind === 'box' ? head.templateMask : undefined;
    return mask ? maskTemplate(whole, mask, place, { stride, contextAmount, template: size }) : whole;
  }

  /**
   * What a box head tells of a target where it was pointed at.
   * @param wanted what of it to find out; a model whose manifest wants no memory has none
   */
  async begin(
    picture: I420Picture,
    first: Place,
    mean: Colour,
    template: Embedding,
    wanted: { readonly memory: boolean; readonly extent: boolean },
  ): Promise<{ memory?: TargetMemory; extent?: Extent }> {
    const form = this.form;
    const { manifest, encoder } = this.model;
    const remembers = wanted.memory && manifest.tracker.memory > 0;
    if (!(form instanceof BoxForm) || !(remembers || wanted.extent)) return {};
    const { cx, cy } = first;
    const layout = cropLayout(manifest);
    const looks = (wanted.extent ? EXTENT_SCALES : [1]).map(async (scale) => {
      const side = this.searchSide(first) * scale;
      return { side, maps: await encoder.respond(template, { picture, cx, cy, side, mean, layout }) };
    });
    const seen = await Promise.all(looks);
    const extent = wanted.extent
      ? lastingExtent(seen.map(({ maps, side }) => form.extentOf(maps, first, side)))
      : undefined;
    if (!remembers) return { extent };
    const { embedding } = seen[0].maps;
    const place = form.cellPlace(first, first, this.scale(first), embedding.side);
    return { extent, memory: TargetMemory.begin(embedding, place) };
  }

  /** Side of the search region around a place, in frame pixels. @param size side of its crop, search pixels */
  searchSide(place: Place, size = this.usualSize): number {
    return size / this.scale(place);
  }

  /** Search pixels a frame pixel, around a place. */
  scale({ w, h }: Place): number {
    const { contextAmount, input } = this.model.manifest;
    return input.template / contextSide(w, h, contextAmount);
  }
}

const forms = new WeakMap<Model, BoxForm | SiamfcForm>();

/** Forms keep nothing of a target: one serves all of a model. */
function formOf(model: Model): BoxForm | SiamfcForm {
  let form = forms.get(model);
  if (!form) {
    const { head } = model.manifest;
    form = head.kind === 'box' ? new BoxForm(model.manifest, head) : new SiamfcForm(model.manifest, head);
    forms.set(model, form);
  }
  return form;
}
