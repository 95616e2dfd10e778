import type { I420Picture } from '../common/index.js';
import { cosineSimilarity } from '../model/index.js';
import { BoxForm } from './box-form.js';
import { regionsToSearch } from './finder.js';
import { keepInFrame, type Place } from './geometry.js';
import { type Judge, withHistory } from './judge.js';
import { wasThere } from './scene.js';
import type { Sight } from './sight.js';
import type { Rumour, Target } from './target.js';
import { isUsualSize } from './usual-size.js';

/** Frames in a row in which a target must be seen elsewhere to be found there. */
const CONFIRMED = 3;
/**
 * Seconds that a target has been lost before it is looked for elsewhere: what is followed may have had a bad moment, and of look-alikes one that
 * is seen well is believed more.
 */
const PATIENCE = 0.5;
/** How much less like the target than usual something may look that is taken for it, as a difference of cosines. */
const UNLIKE = 0.08;

/** Looks for a target where it is not followed, and says what may be it. It keeps nothing but what a target's rumour holds. */
export class Elsewhere {
  readonly #sight: Sight;
  readonly #judge: Judge;

  constructor(sight: Sight, judge: Judge) {
    this.#sight = sight;
    this.#judge = judge;
  }

  /**
   * What is seen in the next few regions of the picture, or of what was seen there in the frame before.
   * @param budget search regions
   */
  async look(
    picture: I420Picture,
    target: Target,
    elapsed: number,
    budget: number,
  ): Promise<Rumour | undefined> {
    const { rumour } = target;
    if (target.seconds - target.lost < PATIENCE) return undefined;
    if (rumour) {
      const { pick } = await this.#sight.search(picture, target, rumour.place);
      const { belief, past } = this.#judge.next(pick, target, rumour.past, elapsed);
      const place = keepInFrame(pick.place, picture, target.smallest);
      return { place, belief, past: withHistory(past, pick), streak: rumour.streak + 1 };
    }
    if (budget === 0 || !(this.#sight.form instanceof BoxForm)) return undefined;
    const seen = { ...target.seen, ...target.usual };
    const regions = regionsToSearch(picture, seen, this.#sight.searchSide(seen), target.turn, budget);
    target.turn += regions.length;
    const sightings = await Promise.all(
      regions.map(({ cx, cy, scale }) =>
        this.#sight.search(
          picture,
          target,
          { cx, cy, w: seen.w * scale, h: seen.h * scale },
          { anywhere: true },
        ),
      ),
    );
    return sightings
      .map(({ pick }) => {
        const place = keepInFrame(pick.place, picture, target.smallest);
        return { place, ...this.#judge.first(pick, target), streak: 1 };
      })
      .sort((one, other) => other.belief - one.belief)
      .at(0);
  }

  /**
   * Whether what was seen elsewhere is the target: where something that looks like it was believed there in several frames in a
   * row. Until then the target's rumour is what to look at again in the next frame.
   * @param least the belief that it needs
   */
  async confirms(
    picture: I420Picture,
    target: Target,
    rumour: Rumour | undefined,
    least: number,
  ): Promise<boolean> {
    target.rumour = undefined;
    if (!rumour || rumour.belief < least || !this.#mayBe(picture, target, rumour.place)) return false;
    if (rumour.streak >= CONFIRMED) return true;
    if (rumour.streak > 1 || (await this.#looksLike(picture, target, rumour.place))) target.rumour = rumour;
    return false;
  }

  /** Whether the target may have come back at a place, and looks like it. */
  async isBack(picture: I420Picture, target: Target, place: Place): Promise<boolean> {
    return this.#mayBe(picture, target, place) && (await this.#looksLike(picture, target, place));
  }

  /** By its size, and as nothing that was there before. */
  #mayBe(picture: I420Picture, { usual, scene }: Target, place: Place): boolean {
    return isUsualSize(place, usual) && !(scene && wasThere(scene, picture, place));
  }

  /** By the target's first look or a later one. */
  async #looksLike(picture: I420Picture, target: Target, place: Place): Promise<boolean> {
    const look = await this.#sight.embed(picture, place, target.mean);
    const likeness = Math.max(
      ...[target.template, ...target.looks].map((own) => cosineSimilarity(own, look)),
    );
    return likeness >= target.likeness - UNLIKE;
  }
}
