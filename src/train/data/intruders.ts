import type { Random } from '../random.js';
import { type Crop, paste, type Rectangle } from './augment.js';
import { pasteLookAlike, recoloured, replaceTarget } from './look-alikes.js';
import type { PairOptions, PairTruth, Place } from './pairs.js';

/** Pastes the target of another search crop beside a target, where it fits without covering it. */
export function pasteDistractor(
  random: Random,
  search: Crop,
  truth: Place,
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

/** Covers a part of a target with something of another crop. */
export function occlude(random: Random, search: Crop, truth: Place, other: Crop): void {
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

/** Look-alikes, and targets that are not there. */
export function deceive(
  random: Random,
  search: Crop,
  place: Place,
  other: Crop,
  o: PairOptions,
): Pick<PairTruth, 'gone' | 'lookAlike'> {
  const target = rectangleOf(search, place);
  let beside: Pick<PairTruth, 'lookAlike'> = {};
  if (random.chance(o.lookAlike)) {
    const { x, y, width, height } = pasteLookAlike(search, target, random);
    beside = { lookAlike: { cx: x - search.size / 2, cy: y - search.size / 2, width, height } };
  }
  if (random.chance(o.recoloured)) replaceTarget(search, target, recoloured(search, target, random), 1);
  else if (random.chance(o.covered)) replaceTarget(search, target, pixelsOf(other), 1.15);
  else return beside;
  return { ...beside, gone: true };
}

const pixelsOf = ({ data, at, size }: Crop) => data.subarray(at, at + size * size * 3);

/** A place in a crop's own pixels. */
export function rectangleOf({ size }: Crop, { cx, cy, width, height }: Place): Rectangle {
  return { x: size / 2 + cx, y: size / 2 + cy, width, height };
}
