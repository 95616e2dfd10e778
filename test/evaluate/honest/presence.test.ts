import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absence, bestTracking, presence, tracking } from '../../../src/evaluate/honest/index.js';
import { frames, type Short } from './outcomes.js';

// Visible 5 times, of which 4 reported; absent 3 times, of which 1 reported.
const TIMES: Short[] = [
  [0.8, 0.9, 'tracking'],
  [0.6, 0.8, 'tracking'],
  [0.4, 0.4, 'uncertain'],
  ['-', 0.5, 'uncertain'],
  ['-', 0.1, 'lost'],
  ['-', 0.1, 'lost'],
  [0.2, 0.2, 'lost'],
  [0.7, 0.7, 'tracking'],
];

describe('presence', () => {
  it('asks whether the target is there, not where', () => {
    const { precision, recall, f } = presence([frames(...TIMES)])!;
    expect([precision, recall]).toEqual([4 / 5, 4 / 5]);
    expect(f).toBeCloseTo(0.8, 12);
  });

  it('does not exist where the target is never absent, or the tracker has no way to say so', () => {
    expect(presence([frames([0.5, 1, 'tracking'], [0.5, 1, 'lost'])])).toBeNull();
    expect(presence([frames([0.5], ['-'], [0.5])])).toBeNull();
    expect(presence([])).toBeNull();
  });

  it('takes a box that was left out for the word of a tracker without states', () => {
    // Reported: 0.5 and the absent frame after it.
    const { precision, recall } = presence([frames([0.5], ['-'], ['!'], ['!'])])!;
    expect([precision, recall]).toEqual([1 / 2, 1 / 3]);
  });

  it('pools the frames of targets that are absent at times', () => {
    const never = frames([1, 1, 'lost'], [1, 1, 'lost']);
    expect(presence([frames(...TIMES), never])).toEqual(presence([frames(...TIMES)]));
    const other = frames(['-', 0.3, 'tracking']);
    expect(presence([frames(...TIMES), other])).toMatchObject({ precision: 4 / 6, recall: 4 / 5 });
  });

  it('has no precision and an F of 0 where nothing is reported', () => {
    const all: Short[] = [
      [1, 0, 'lost'],
      ['-', 0, 'lost'],
    ];
    expect(presence([frames(...all)])).toEqual({ precision: Number.NaN, recall: 0, f: 0 });
    expect(tracking([frames(...all)])).toEqual({ precision: 1, recall: 0, f: 0 });
  });
});

describe('absence', () => {
  it('is the other side: of the frames said lost, and of those without the target', () => {
    const { precision, recall, f } = absence([frames(...TIMES)])!;
    expect([precision, recall]).toEqual([2 / 3, 2 / 3]);
    expect(f).toBeCloseTo(2 / 3, 12);
  });

  it('shows the tracker that always says present, whose presence is high', () => {
    const always = frames(...Array<Short>(18).fill([0.9, 1, 'tracking']), ['-', 1, 'tracking']);
    expect(presence([always])!.f).toBeGreaterThan(0.97);
    expect(absence([always])).toEqual({ precision: Number.NaN, recall: 0, f: 0 });
  });

  it('does not exist where presence does not', () => {
    expect(absence([frames([0.5, 1, 'tracking'])])).toBeNull();
    expect(absence([frames([0.5], ['-'])])).toBeNull();
  });
});

describe('tracking precision and recall', () => {
  it('weighs by overlap, of the reported and of the visible frames', () => {
    const { precision, recall, f } = tracking([frames(...TIMES)])!;
    // Overlaps reported: 0.8 + 0.6 + 0.4 + 0 + 0.7 over 5 reported, and over 5 visible.
    expect(precision).toBeCloseTo(2.5 / 5, 8);
    expect(recall).toBeCloseTo(2.5 / 5, 8);
    expect(f).toBeCloseTo(0.5, 8);
  });

  it('averages over targets before F is taken', () => {
    const other = frames([0.9, 0.9, 'tracking'], [0.9, 0.1, 'lost']);
    const { precision, recall, f } = tracking([frames(...TIMES), other])!;
    expect(precision).toBeCloseTo((0.5 + 0.9) / 2, 8);
    expect(recall).toBeCloseTo((0.5 + 0.45) / 2, 8);
    expect(f).toBeCloseTo((2 * 0.7 * 0.475) / (0.7 + 0.475), 8);
  });

  it('has nothing wrong where nothing is reported, as VOT counts', () => {
    const silent = frames([0.9, 0.1, 'lost']);
    const { precision, recall } = tracking([frames(...TIMES), silent])!;
    expect(precision).toBeCloseTo((0.5 + 1) / 2, 8);
    expect(recall).toBeCloseTo(0.5 / 2, 8);
  });

  it('finds the threshold on the score with the best F', () => {
    // Precision and recall at each threshold, by hand: 0.9: 0.8, 0.16; 0.8: 0.7, 0.28; 0.7: 0.7, 0.42;
    // 0.5: 2.1 / 4, 0.42; 0.4: 0.5, 0.5; 0.2: 2.7 / 6, 0.54; 0.1: 2.7 / 8, 0.54.
    const best = bestTracking([frames(...TIMES)])!;
    expect(best.threshold).toBe(0.7);
    expect(best.precision).toBeCloseTo(0.7, 8);
    expect(best.recall).toBeCloseTo(0.42, 8);
    expect(best.f).toBeCloseTo((2 * 0.7 * 0.42) / 1.12, 8);
  });

  it('is never better by the states than by the best threshold, where the states are a threshold', () => {
    const short = fc.tuple(
      fc.oneof(
        fc.constant('-' as const),
        fc.integer({ min: 0, max: 10 }).map((n) => n / 10),
      ),
      fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
    );
    fc.assert(
      fc.property(fc.array(short, { minLength: 1, maxLength: 40 }), (shorts) => {
        const judged = frames(
          ...shorts.map(([overlap, score]): Short => [overlap, score, score < 0.5 ? 'lost' : 'tracking']),
        );
        const said = tracking([judged])!.f;
        if (!Number.isNaN(said)) expect(bestTracking([judged])!.f).toBeGreaterThanOrEqual(said - 1e-12);
      }),
    );
  });

  it('does not exist without states, or without scores', () => {
    expect(tracking([frames([0.5], [0.5])])).toBeNull();
    expect(bestTracking([frames([0.5], [0.5])])).toBeNull();
  });
});
