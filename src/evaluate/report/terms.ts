import { DRIFT_OVERLAP, HIT_OVERLAP, SOON_FRAMES, STILL } from '../honest/index.js';
import { type Markup, tag } from './markup.js';

const TERMS: readonly (readonly [term: string, meaning: string])[] = [
  ['overlap', 'area of the intersection of box and truth by the area of their union, 0 to 1'],
  ['AUC', 'mean over 21 thresholds of overlap, 0 to 1, of the share of frames above it (OTB)'],
  ['P@20', "share of frames in which the boxes' centres are at most 20 px apart (OTB)"],
  [
    'NormP',
    "the same with the distance in parts of the target's size, mean over thresholds 0 to 0.5 (TrackingNet)",
  ],
  ['AO, SR', 'mean overlap; share of frames above 0.5 and 0.75 of it; without the first frame (GOT-10k)'],
  [
    'AUROC',
    `probability that a frame whose overlap is above ${HIT_OVERLAP} scores higher than one whose overlap is not; 0.5 says nothing`,
  ],
  [
    'ECE',
    'expected calibration error: distance of the score from the share of frames on the target, over 15 bins of the score, weighted by their frames',
  ],
  [
    'presence F',
    'harmonic mean of precision and recall of the words "the target is there", in sequences in which it is absent at times; the state lost says that it is not',
  ],
  [
    'absence F',
    'the same of the words "the target is absent": 0 for a tracker that never says so, however high its presence F',
  ],
  [
    'LT-F',
    'harmonic mean of tracking precision (mean overlap where the target is reported) and tracking recall (mean overlap where it is visible), each averaged over targets (VOT-LT); best: by the threshold on the score that makes it largest',
  ],
  [
    'found back',
    `after an absence: a frame not reported lost with an overlap above ${HIT_OVERLAP}; frames are counted from the first in which the target is visible again; soon is within ${SOON_FRAMES}`,
  ],
  [
    'drift',
    `a visible target that was followed is overlapped by ${DRIFT_OVERLAP} or less; it is recovered like an absence`,
  ],
  [
    'jitter',
    `how far the box's centre moves from a frame to the next, in diagonals of the truth, while the truth moves and grows by no more than ${100 * STILL} % of it and the box is on the target`,
  ],
];

/** What the words of the report mean. */
export function termsSection(): Markup {
  return tag(
    'section',
    { id: 'terms' },
    tag('h2', {}, 'What the words mean'),
    tag(
      'dl',
      { class: 'terms' },
      TERMS.map(([term, meaning]) => [tag('dt', {}, term), tag('dd', {}, meaning)]),
    ),
  );
}
