import { closeSync, openSync, readSync } from 'node:fs';
import type { Box } from '../../common/index.js';
import { type Colour, contextSide } from '../../model/index.js';
import type { Random } from '../random.js';
import {
  addNoise,
  blur,
  type Crop,
  jitterColour,
  lowerResolution,
  paste,
  toGrey,
  transplant,
} from './augment.js';
import type { Catalogue, CatalogueClip, Sighting } from './catalogue.js';
import { meanColour, type RgbPicture, sampleCrop, type View } from './sample.js';

/** How pairs are drawn and disturbed. Probabilities are per pair. */
export interface PairOptions {
  readonly templateSize: number;
  readonly searchSize: number;
  readonly contextAmount: number;
  /** Whether the template's mask tells what part of it is meant. */
  readonly masked: boolean;
  /** Share of pairs from clips, stills and photos (any positive numbers). */
  readonly mixture: { readonly clips: number; readonly stills: number; readonly photos: number };
  /** Furthest distance of the target from the search crop's centre, search pixels, along x and y. */
  readonly shift: number;
  /** Largest natural logarithm of the search crop's scale error. */
  readonly scale: number;
  /** Largest frame distance in a clip. */
  readonly gap: number;
  /** Strength 0..1 of colour, blur, noise and geometry disturbances. */
  readonly strength: number;
  /** Chance that something covers part of the target, and that a second object is pasted beside it. */
  readonly occlusion: number;
  readonly distractor: number;
  /**
   * Chance that the target stands before another background in the search crop, in a pair of one picture; half of it in a pair of two
   * frames. In one picture the background moves with the target, which teaches to follow the background.
   */
  readonly transplant: number;
  /** Chance that both crops have the resolution of a small target. */
  readonly lowResolution: number;
  /** Chance that a pair shows an object of the same category or kind of clip as the pair before it. */
  readonly alike: number;
}

/** What is known of a template crop. */
export interface TemplateTruth {
  readonly width: number;
  readonly height: number;
  readonly mean: Colour;
}

/** What is known of a pair: where the target is in the search crop. */
export interface PairTruth {
  /** Centre and size in search pixels from the crop's centre. */
  readonly cx: number;
  readonly cy: number;
  readonly width: number;
  readonly height: number;
  /** Size of the target in the template crop, template pixels, and the mean colour of the picture that it is from. */
  readonly template: TemplateTruth;
  /**
   * `box`: a labelled box; `patch`: a random patch of a photo, whose extent is exact though it need not be an object's; `place`: the
   * centre is certain and the extent is not (a patch where no mask tells what is meant, a rough box).
   */
  readonly certainty: 'box' | 'patch' | 'place';
  /** Where the pair is from: pairs of different sources show different objects, and neither shows the other's. */
  readonly source: string;
  /** What its object looks like: a category of stills or of a clip's object, or the kind a clip is named by. */
  readonly kind: string;
}

interface Choice {
  readonly source: string;
  readonly kind: string;
  readonly certainty: 'box' | 'patch' | 'place';
  readonly template: { readonly picture: number; readonly box: Box };
  readonly search: { readonly picture: number; readonly box: Box };
}

/** Draws pairs of template and search crops; everything random comes from the generator given. */
export class PairSampler {
  readonly #catalogue: Catalogue;
  readonly #options: PairOptions;
  readonly #file: number;
  readonly #clips: Draw<CatalogueClip>;
  /** Clips and objects of stills by kind, where a kind has several. */
  readonly #clipsOf: ReadonlyMap<string, readonly CatalogueClip[]>;
  readonly #stillsOf: ReadonlyMap<string, readonly StillObject[]>;

  constructor(catalogue: Catalogue, pixels: string, options: PairOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
    this.#file = openSync(pixels, 'r');
    const length = (c: CatalogueClip) => Math.sqrt(c.sightings.length);
    const total = new Map<number, number>();
    for (const c of catalogue.clips) total.set(c.folder, (total.get(c.folder) ?? 0) + length(c));
    // Long clips have more to show, but not in proportion.
    this.#clips = new Draw(catalogue.clips, (c) => (length(c) * c.share) / (total.get(c.folder) ?? 1));
    this.#clipsOf = groupBy(catalogue.clips, kindOf);
    this.#stillsOf = groupBy(
      catalogue.stills.flatMap((still) =>
        still.boxes.map((box, i) => ({ picture: still.picture, box, category: still.categories[i] })),
      ),
      (object) => object.category,
    );
  }

  close(): void {
    closeSync(this.#file);
  }

  /**
   * Writes one pair as interleaved RGB floats 0..255 and returns what is true of it.
   * @param other the search crop of the pair before, with the box of its target in crop pixels, that occluders and distractors are cut
   * from and that this pair may be alike to
   */
  draw(
    random: Random,
    template: Crop,
    search: Crop,
    other: { crop: Crop; truth: PairTruth } | undefined,
  ): PairTruth {
    const o = this.#options;
    const choice = this.#choose(random, other?.truth);
    const flip = random.chance(0.5);
    const still = choice.template.picture === choice.search.picture;

    const z = this.#read(choice.template.picture);
    const zSide = contextSide(choice.template.box[2], choice.template.box[3], o.contextAmount);
    const zScale = (zSide / o.templateSize) * Math.exp(random.uniform(-0.04, 0.04) * o.strength);
    const zView = {
      cx: centreX(choice.template.box) + random.uniform(-2, 2) * zScale * o.strength,
      cy: centreY(choice.template.box) + random.uniform(-2, 2) * zScale * o.strength,
      scaleX: zScale,
      scaleY: zScale,
      angle: 0,
      flip,
    };
    const zMean = meanColour(z);
    sampleCrop(z, zView, o.templateSize, zMean, template.data, template.at);

    const x = still ? z : this.#read(choice.search.picture);
    const box = choice.search.box;
    const xSide = (contextSide(box[2], box[3], o.contextAmount) * o.searchSize) / o.templateSize;
    const scale = (xSide / o.searchSize) * Math.exp(random.uniform(-o.scale, o.scale));
    const aspect = Math.exp(random.uniform(-0.12, 0.12) * o.strength * (still ? 1.5 : 1));
    // Half of the pairs near the centre, as while tracking; half anywhere, so that the centre means nothing.
    const reach = random.chance(0.5) ? o.shift : o.shift / 3;
    const dx = random.uniform(-reach, reach);
    const dy = random.uniform(-reach, reach);
    const view: View = {
      scaleX: scale * aspect,
      scaleY: scale / aspect,
      angle: random.chance(still ? 0.5 : 0.2) ? random.uniform(-0.2, 0.2) * o.strength : 0,
      flip,
      ...{ cx: 0, cy: 0 },
    };
    const placed = placeAt(view, centreX(box), centreY(box), dx, dy);
    sampleCrop(x, placed, o.searchSize, meanColour(x), search.data, search.at);
    const truth: PairTruth = {
      cx: dx,
      cy: dy,
      width: box[2] / placed.scaleX,
      height: box[3] / placed.scaleY,
      template: {
        width: choice.template.box[2] / zScale,
        height: choice.template.box[3] / zScale,
        mean: zMean,
      },
      certainty: choice.certainty,
      source: choice.source,
      kind: choice.kind,
    };

    if (other) {
      // Without it nothing is drawn: the pairs of recipes that do not ask for it stay what they were.
      if (o.transplant > 0 && random.chance(still ? o.transplant : o.transplant / 2)) {
        const { width, height } = truth;
        const middle = { x: search.size / 2 + truth.cx, y: search.size / 2 + truth.cy };
        transplant(search, { ...middle, width, height }, other.crop, random.uniform(1, 1.2));
      }
      if (random.chance(o.distractor)) this.#pasteDistractor(random, search, truth, other);
      if (random.chance(o.occlusion)) this.#occlude(random, search, truth, other.crop);
    }
    const strength = o.strength * (still ? 1.2 : 0.8);
    if (random.chance(0.7)) jitterColour(search, random, strength);
    if (random.chance(0.4)) jitterColour(template, random, strength * 0.7);
    if (random.chance(0.12)) {
      toGrey(search);
      toGrey(template);
    }
    if (random.chance(o.lowResolution)) {
      const factor = Math.exp(random.uniform(Math.log(1.3), Math.log(4)));
      lowerResolution(template, factor);
      lowerResolution(search, factor * random.uniform(0.8, 1.2));
    }
    if (random.chance(0.2 * o.strength)) blur(search, random, 9);
    if (random.chance(0.08 * o.strength)) blur(template, random, 4);
    if (random.chance(0.15 * o.strength)) addNoise(search, random, random.uniform(2, 14));
    return truth;
  }

  #choose(random: Random, before: PairTruth | undefined): Choice {
    const { clips, stills, photos } = this.#catalogue;
    const { mixture, alike } = this.#options;
    if (before && random.chance(alike)) {
      const clipsAlike = this.#clipsOf.get(before.kind);
      if (clipsAlike) return this.#fromClip(random, clipsAlike[random.int(clipsAlike.length)]);
      const objects = this.#stillsOf.get(before.kind);
      if (objects) return fromStill(objects[random.int(objects.length)]);
    }
    const shares = [
      clips.length ? mixture.clips : 0,
      stills.length ? mixture.stills : 0,
      photos.length ? mixture.photos : 0,
    ];
    const pick = random.uniform(0, shares[0] + shares[1] + shares[2]);
    if (pick < shares[0]) return this.#fromClip(random, this.#clips.draw(random));
    if (pick < shares[0] + shares[1]) {
      const still = stills[random.int(stills.length)];
      const i = random.int(still.boxes.length);
      return fromStill({ picture: still.picture, box: still.boxes[i], category: still.categories[i] });
    }
    const picture = photos[random.int(photos.length)];
    const { width, height } = this.#catalogue.pictures[picture];
    const side = Math.exp(
      random.uniform(Math.log(24), Math.log(Math.max(32, Math.min(width, height) * 0.5))),
    );
    const aspect = Math.exp(random.uniform(-0.7, 0.7));
    const w = Math.min(width * 0.8, side * aspect);
    const h = Math.min(height * 0.8, side / aspect);
    const sighting = {
      picture,
      box: [random.uniform(0, width - w), random.uniform(0, height - h), w, h] as const,
    };
    const source = `photo ${picture}`;
    const certainty = this.#options.masked ? 'patch' : 'place';
    return { source, kind: source, certainty, template: sighting, search: sighting };
  }

  #fromClip(random: Random, clip: CatalogueClip): Choice {
    const a = random.int(clip.sightings.length);
    const low = Math.max(0, a - this.#options.gap);
    const high = Math.min(clip.sightings.length - 1, a + this.#options.gap);
    const b = low + random.int(high - low + 1);
    return {
      source: clip.video ?? clip.name,
      kind: kindOf(clip),
      certainty: clip.rough ? 'place' : 'box',
      template: clip.sightings[a],
      search: clip.sightings[b],
    };
  }

  #pasteDistractor(
    random: Random,
    search: Crop,
    truth: PairTruth,
    other: { crop: Crop; truth: PairTruth },
  ): void {
    const from = other.truth;
    if (Math.max(from.width, from.height) > 150) return;
    const angle = random.uniform(0, 2 * Math.PI);
    const distance =
      random.uniform(0.8, 1.8) * Math.max((truth.width + from.width) / 2, (truth.height + from.height) / 2);
    const half = search.size / 2;
    const x = truth.cx + Math.cos(angle) * distance;
    const y = truth.cy + Math.sin(angle) * distance;
    // Never over the target itself: the label would lie.
    if (
      Math.abs(x - truth.cx) < (truth.width + from.width) / 2 &&
      Math.abs(y - truth.cy) < (truth.height + from.height) / 2
    )
      return;
    const source = {
      x: half + from.cx - from.width / 2,
      y: half + from.cy - from.height / 2,
      width: from.width,
      height: from.height,
    };
    paste(other.crop, source, search, half + x - from.width / 2, half + y - from.height / 2);
  }

  #occlude(random: Random, search: Crop, truth: PairTruth, other: Crop): void {
    const half = search.size / 2;
    const width = truth.width * random.uniform(0.2, 0.8);
    const height = truth.height * random.uniform(0.2, 0.8);
    const x = half + truth.cx + random.uniform(-0.6, 0.6) * truth.width - width / 2;
    const y = half + truth.cy + random.uniform(-0.6, 0.6) * truth.height - height / 2;
    const from = {
      x: random.uniform(0, search.size / 2),
      y: random.uniform(0, search.size / 2),
      width,
      height,
    };
    paste(other, from, search, x, y);
  }

  #read(index: number): RgbPicture {
    const { offset, width, height } = this.#catalogue.pictures[index];
    const data = Buffer.allocUnsafe(width * height * 3);
    readSync(this.#file, data, 0, data.length, offset);
    return { width, height, data };
  }
}

/** The view in which picture point `x, y` appears `dx, dy` crop pixels from the crop's centre. */
function placeAt(view: View, x: number, y: number, dx: number, dy: number): View {
  const cos = Math.cos(view.angle);
  const sin = Math.sin(view.angle);
  const a = dx * view.scaleX * (view.flip ? -1 : 1);
  const b = dy * view.scaleY;
  return { ...view, cx: x - (cos * a - sin * b), cy: y - (sin * a + cos * b) };
}

/** An object of a still. */
interface StillObject extends Sighting {
  readonly category: string;
}

function fromStill({ picture, box, category }: StillObject): Choice {
  const sighting = { picture, box };
  return {
    source: `still ${picture}`,
    kind: category,
    certainty: 'box',
    template: sighting,
    search: sighting,
  };
}

/**
 * A clip's own kind, else what its name says: benchmarks number their clips of one kind of object (`uav123-person12_2` and
 * `uav123-person9` are both `uav123-person`).
 */
function kindOf({ name, kind }: CatalogueClip): string {
  return kind ?? name.replace(/[\d_.-]+$/, '');
}

/** The groups of more than one. */
function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return new Map([...groups].filter(([, group]) => group.length > 1));
}

/** Draws items by weight. */
class Draw<T> {
  readonly #items: readonly T[];
  readonly #sums: Float64Array;

  constructor(items: readonly T[], weight: (item: T) => number) {
    this.#items = items;
    let sum = 0;
    this.#sums = Float64Array.from(items, (item) => {
      sum += weight(item);
      return sum;
    });
  }

  draw(random: Random): T {
    const at = random.uniform(0, this.#sums[this.#sums.length - 1]);
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at < this.#sums[middle]) high = middle;
      else low = middle + 1;
    }
    return this.#items[low];
  }
}

const centreX = (box: Box) => box[0] + box[2] / 2 - 0.5;
const centreY = (box: Box) => box[1] + box[3] / 2 - 0.5;
