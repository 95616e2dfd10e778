import type { I420Picture } from '../common/index.js';
import type { Colour, Embedding } from '../model/index.js';
import type { Past } from './belief.js';
import type { Extent } from './extent.js';
import type { Place } from './geometry.js';
import type { TargetMemory } from './memory.js';
import type { Presence } from './presence.js';
import type { Scene } from './scene.js';

/** What may be the target, elsewhere. */
export interface Rumour {
  readonly place: Place;
  readonly belief: number;
  readonly past: Past;
  /** Frames in a row in which it was seen. */
  readonly streak: number;
}

/** In pixels of the frame. */
export type Size = Pick<Place, 'w' | 'h'>;

/** All that is known of a target that is followed. */
export interface Target {
  readonly template: Embedding;
  readonly mean: Colour;
  readonly smallest: { readonly w: number; readonly h: number };
  /** Where the network took it to be when it was pointed at; so are all places here. */
  readonly first: Place;
  /** Where it is searched. */
  place: Place;
  /** Where it was seen last. */
  seen: Place;
  /** Where it was when it was last surely there. */
  sure: Place;
  /** How fast it moves at most lately, in search pixels a second. */
  speed: number;
  /** How large it is as a rule: what it is looked for as, since something that goes behind another thing shrinks first. */
  usual: Size;
  width: number;
  height: number;
  seconds: number;
  presence: Presence;
  past: Past;
  /** Typical cosine of the target's later looks with the first template. */
  likeness: number;
  /** When it was lost last. */
  lost: number;
  /** Search regions given out since then. */
  turn: number;
  /** Something like it that was seen elsewhere in the frame before. */
  rumour?: Rumour;
  /** Later looks at it, template embeddings, the newest last; when the newest was taken. */
  looks: readonly Embedding[];
  remembered: number;
  /** The picture when the newest look was taken. */
  scene?: Scene;
  /** What tells it from what is around it, and when that was learnt last. */
  readonly memory: TargetMemory | undefined;
  learnt: number;
  /** What was pointed at, against what the network takes it to be. */
  readonly extent: Extent | undefined;
}

/** A copy of a target in the coordinates of a picture that may have another size. */
export function rescale(target: Target, { width, height }: I420Picture): Target {
  if (width === target.width && height === target.height) return { ...target };
  const x = width / target.width;
  const y = height / target.height;
  const scaled = ({ cx, cy, w, h }: Place): Place => ({ cx: cx * x, cy: cy * y, w: w * x, h: h * y });
  const { place, seen, sure, first, rumour, usual } = target;
  return {
    ...target,
    place: scaled(place),
    seen: scaled(seen),
    sure: scaled(sure),
    usual: { w: usual.w * x, h: usual.h * y },
    first: scaled(first),
    ...(rumour && { rumour: { ...rumour, place: scaled(rumour.place) } }),
    width,
    height,
  };
}
