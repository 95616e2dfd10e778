import type { Box } from '../../common/index.js';
import type { Random } from '../random.js';
import type { Catalogue, CatalogueClip, Sighting } from './catalogue.js';
import type { PairOptions, PairTruth } from './pairs.js';

/** What a pair shows: an object in one picture or in two. */
export interface Choice {
  readonly source: string;
  readonly kind: string;
  readonly certainty: 'box' | 'patch' | 'place';
  readonly template: { readonly picture: number; readonly box: Box };
  readonly search: { readonly picture: number; readonly box: Box };
}

/** Chooses what pairs show. */
export class Chooser {
  readonly #catalogue: Catalogue;
  readonly #options: PairOptions;
  readonly #clips: Draw<CatalogueClip>;
  /** Clips and objects of stills by kind, where a kind has several. */
  readonly #clipsOf: ReadonlyMap<string, readonly CatalogueClip[]>;
  readonly #stillsOf: ReadonlyMap<string, readonly StillObject[]>;

  constructor(catalogue: Catalogue, options: PairOptions) {
    this.#catalogue = catalogue;
    this.#options = options;
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

  /** @param before what the pair may be alike to */
  choose(random: Random, before: PairTruth | undefined): Choice {
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
