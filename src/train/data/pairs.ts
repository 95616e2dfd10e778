import { closeSync, openSync, readSync } from 'node:fs';
import type { Box } from '../../common/index.js';
import { type Colour, contextSide } from '../../model/index.js';
import type { Random } from '../random.js';
import { addNoise, blur, type Crop, jitterColour, lowerResolution, toGrey, transplant } from './augment.js';
import type { Catalogue } from './catalogue.js';
import { Chooser } from './choice.js';
import { deceive, occlude, pasteDistractor, rectangleOf } from './intruders.js';
import { meanColour, type RgbPicture, sampleCrop, type View } from './sample.js';
import { MOST_TURNED, type Turn, turnedSize } from './turn.js';

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
  /**
   * Chance that a copy of the target in other colours stands beside it or partly behind it; that the target itself is in other colours,
   * and that something else covers all of it, so that the search crop does not show what the template shows. Without such pairs shape
   * suffices and colour says nothing: the network follows whatever has the target's outline.
   */
  readonly lookAlike: number;
  readonly recoloured: number;
  readonly covered: number;
  /**
   * Chance that the target is mirrored between the crops, and that it is turned in the picture's plane, by up to 1.8 radians. Between two
   * frames of a clip targets seldom are; where they are, a network that has not seen it loses them.
   */
  readonly mirrored: number;
  readonly turned: number;
  /** How strong colours are disturbed, beside `strength`. */
  readonly colour: number;
}

/** What is known of a template crop. */
export interface TemplateTruth {
  readonly width: number;
  readonly height: number;
  readonly mean: Colour;
}

/** Centre and size in search pixels from the crop's centre. */
export interface Place {
  readonly cx: number;
  readonly cy: number;
  readonly width: number;
  readonly height: number;
}

/** What is known of a pair: where the target is in the search crop. */
export interface PairTruth extends Place {
  /** Size of the target in the template crop, template pixels, and the mean colour of the picture that it is from. */
  readonly template: TemplateTruth;
  /**
   * `box`: a labelled box; `patch`: a random patch of a photo, whose extent is exact though it need not be an object's; `place`: the
   * centre is certain and the extent is not (a patch where no mask tells what is meant, a rough box).
   */
  readonly certainty: 'box' | 'patch' | 'place';
  /** Whether the search crop shows something else in the target's place. */
  readonly gone?: boolean;
  /** Where the target was mirrored or turned between the crops. */
  readonly turn?: Turn;
  /** A copy of the target in other colours. */
  readonly lookAlike?: Place;
  /** Where the pair is from: pairs of different sources show different objects, and neither shows the other's. */
  readonly source: string;
  /** What its object looks like: a category of stills or of a clip's object, or the kind a clip is named by. */
  readonly kind: string;
}

/** Share of pairs without colours. */
const GREY = 0.12;

/** Draws pairs of template and search crops; everything random comes from the generator given. */
export class PairSampler {
  readonly #catalogue: Catalogue;
  readonly #options: PairOptions;
  readonly #file: number;
  readonly #chooser: Chooser;

  constructor(catalogue: Catalogue, pixels: string, options: PairOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
    this.#file = openSync(pixels, 'r');
    this.#chooser = new Chooser(catalogue, options);
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
    const choice = this.#chooser.choose(random, other?.truth);
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
    const leaning = random.chance(still ? 0.5 : 0.2) ? random.uniform(-0.2, 0.2) * o.strength : 0;
    // What is not asked for draws nothing: the pairs of recipes without it stay.
    const mirrored = o.mirrored > 0 && random.chance(o.mirrored);
    const turned = o.turned > 0 && random.chance(o.turned);
    const angle = turned ? random.uniform(-MOST_TURNED, MOST_TURNED) : leaning;
    const view: View = {
      scaleX: scale * aspect,
      scaleY: scale / aspect,
      angle,
      flip: flip !== mirrored,
      ...{ cx: 0, cy: 0 },
    };
    const placed = placeAt(view, centreX(box), centreY(box), dx, dy);
    sampleCrop(x, placed, o.searchSize, meanColour(x), search.data, search.at);
    const size = turned ? turnedSize(box[2], box[3], angle) : { width: box[2], height: box[3] };
    const place: Place = {
      cx: dx,
      cy: dy,
      width: size.width / placed.scaleX,
      height: size.height / placed.scaleY,
    };
    const pair = {
      template: {
        width: choice.template.box[2] / zScale,
        height: choice.template.box[3] / zScale,
        mean: zMean,
      },
      certainty: turned ? ('place' as const) : choice.certainty,
      // Seen from a template that may be mirrored itself.
      ...((turned || mirrored) && { turn: { angle: flip ? -angle : angle, mirrored } }),
      source: choice.source,
      kind: choice.kind,
    };

    // Without colour a recoloured target is the target.
    const grey = o.lookAlike + o.recoloured + o.covered > 0 ? random.chance(GREY) : undefined;
    let changed: Pick<PairTruth, 'gone' | 'lookAlike'> = {};
    if (other) {
      // Without it nothing is drawn: the pairs of recipes that do not ask for it stay what they were.
      if (o.transplant > 0 && random.chance(still ? o.transplant : o.transplant / 2)) {
        transplant(search, rectangleOf(search, place), other.crop, random.uniform(1, 1.2));
      }
      if (random.chance(o.distractor)) pasteDistractor(random, search, place, other);
      if (grey === false) changed = deceive(random, search, place, other.crop, o);
      if (random.chance(o.occlusion)) occlude(random, search, place, other.crop);
    }
    const strength = o.strength * (still ? 1.2 : 0.8) * o.colour;
    if (random.chance(0.7)) jitterColour(search, random, strength);
    if (random.chance(0.4)) jitterColour(template, random, strength * 0.7);
    if (grey ?? random.chance(GREY)) {
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
    return { ...place, ...pair, ...changed };
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

const centreX = (box: Box) => box[0] + box[2] / 2 - 0.5;
const centreY = (box: Box) => box[1] + box[3] / 2 - 0.5;
