import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/model/index.js';
import { believe, evidenceOf, firstPast, POINTED_AT, pastAfter } from '../../src/tracker/belief.js';
import { tinyManifest } from '../model/tiny-model.js';

const { calibration } = parseManifest(tinyManifest()).tracker;
const PLACE = { cx: 0, cy: 0, w: 10, h: 10 };
const pick = (score: number) => ({
  place: PLACE,
  score,
  response: { rival: 0.1, agreement: 0.7, fill: 0.5, raw: PLACE },
});
const PAST = { history: 2, steadiness: 0.6 };
const probability = fc.double({ min: 0.001, max: 0.999, noNaN: true });

describe('belief', () => {
  it('is the score itself where a model has no calibration', () => {
    fc.assert(
      fc.property(probability, (score) => {
        expect(believe(calibration, evidenceOf(pick(score), POINTED_AT, POINTED_AT, PLACE))).toBeCloseTo(
          score,
          9,
        );
      }),
    );
  });

  it('is a probability that rises with the score, whatever the calibration', () => {
    const weight = fc.double({ min: -5, max: 5, noNaN: true });
    fc.assert(
      fc.property(probability, probability, weight, weight, weight, (a, b, bias, agreement, history) => {
        const weights = { ...calibration, bias, agreement, history, score: 0.7 };
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((score) =>
          believe(weights, evidenceOf(pick(score), PAST, PAST, { w: 20, h: 8 })),
        );
        return low >= 0 && high <= 1 && low <= high;
      }),
    );
  });

  it('takes in the agreement of about a second, however many frames that has', () => {
    const steadied = (frames: number) => {
      let past = firstPast({ ...pick(0.9), response: { ...pick(0.9).response, agreement: 1 } });
      for (let k = 0; k < frames; k++) past = pastAfter(past, pick(0.9), 1 / frames);
      return past.steadiness;
    };
    expect(steadied(5)).toBeCloseTo(0.7 + 0.3 / Math.E, 9);
    expect(steadied(60)).toBeCloseTo(steadied(5), 9);
  });

  it('gives what was seen once no past but what that look said', () => {
    expect(firstPast(pick(0.99))).toEqual({ history: 0, steadiness: 0.7 });
    const { history, steadiness } = evidenceOf(pick(0.9), PAST, pastAfter(PAST, pick(0.9), 0.5), PLACE);
    expect(history).toBe(PAST.history);
    expect(steadiness).toBeGreaterThan(PAST.steadiness);
  });

  it('stays finite where scores are 0 or 1', () => {
    for (const score of [0, 1])
      expect(evidenceOf(pick(score), PAST, PAST, PLACE).score).toBeCloseTo(score ? 9.21 : -9.21, 2);
  });

  it('tells a change of size from a change of shape, and larger from smaller in neither', () => {
    const against = (w: number, h: number) => evidenceOf(pick(0.9), PAST, PAST, { w, h });
    expect(against(20, 20)).toMatchObject({ growth: Math.log(2), aspect: 0 });
    expect(against(5, 5)).toMatchObject({ growth: Math.log(2), aspect: 0 });
    expect(against(20, 5)).toMatchObject({ growth: 0, aspect: Math.log(2) });
    expect(against(5, 20)).toMatchObject({ growth: 0, aspect: Math.log(2) });
  });
});
