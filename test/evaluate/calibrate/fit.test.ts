import { describe, expect, it } from 'vitest';
import { type CalibrationSample, fitCalibration } from '../../../src/evaluate/calibrate/fit.js';
import { believe, type Evidence } from '../../../src/tracker/index.js';
import { Random } from '../../../src/train/random.js';

/** Frames whose hits are drawn by a known logistic law of score and agreement. */
function frames(count: number, law: (e: Evidence) => number, seed = 1): CalibrationSample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const evidence = {
      score: random.uniform(-6, 6),
      fill: random.uniform(-4, 4),
      agreement: random.uniform(0, 1),
      rival: random.uniform(-6, 2),
      growth: random.uniform(0, 1),
      aspect: random.uniform(0, 1),
      history: random.uniform(-4, 4),
      steadiness: random.uniform(0, 1),
      memory: random.uniform(0, 1),
    };
    return { evidence, hit: random.chance(1 / (1 + Math.exp(-law(evidence)))), weight: 1 };
  });
}

describe('fitting a calibration', () => {
  it('finds the law that hits follow', () => {
    const law = (e: Evidence) => -1 + 0.6 * e.score + 2 * e.agreement;
    const fitted = fitCalibration(frames(20_000, law));
    expect(fitted.score).toBeCloseTo(0.6, 1);
    expect(fitted.agreement).toBeCloseTo(2, 0);
    expect(fitted.bias).toBeCloseTo(-1, 0);
    for (const name of ['fill', 'rival', 'history', 'steadiness'] as const)
      expect(Math.abs(fitted[name])).toBeLessThan(name === 'steadiness' ? 0.3 : 0.1);
  });

  it('makes beliefs the shares of hits, in every part of the scale', () => {
    const law = (e: Evidence) => 0.8 * e.score - 1;
    const calibration = fitCalibration(frames(20_000, law));
    const fresh = frames(20_000, law, 2).map(({ evidence, hit }) => ({
      p: believe(calibration, evidence),
      hit,
    }));
    for (const from of [0, 0.2, 0.4, 0.6, 0.8]) {
      const bin = fresh.filter(({ p }) => p >= from && p < from + 0.2);
      const rate = bin.filter(({ hit }) => hit).length / bin.length;
      expect(rate).toBeCloseTo(bin.reduce((s, { p }) => s + p, 0) / bin.length, 1);
    }
  });

  it('lets belief never fall with what speaks for the target, whatever the data say', () => {
    const law = (e: Evidence) => -0.5 * e.score - 0.3 * e.fill + e.history - e.steadiness;
    const fitted = fitCalibration(frames(4000, law));
    expect(fitted).toMatchObject({ score: 0, fill: 0, steadiness: 0 });
    expect(fitted.history).toBeCloseTo(1, 0);
  });

  it('lets belief never rise with what speaks against it: a box that grows over the picture, a rival', () => {
    const fitted = fitCalibration(frames(4000, (e) => e.score + 2 * e.growth + e.aspect + 0.4 * e.rival));
    expect(fitted).toMatchObject({ growth: 0, aspect: 0, rival: 0 });
    const against = fitCalibration(
      frames(4000, (e) => e.score - 2 * e.growth - 2 * e.aspect - 0.4 * e.rival),
    );
    expect(against.growth).toBeCloseTo(-2, 0);
    expect(against.aspect).toBeCloseTo(-2, 0);
    expect(against.rival).toBeCloseTo(-0.4, 0);
  });

  it('stays finite where evidence never changes or tells hits perfectly', () => {
    const still = frames(500, () => 0).map((s) => ({ ...s, evidence: { ...s.evidence, agreement: 1 } }));
    const perfect = frames(500, () => 0).map((s) => ({ ...s, hit: s.evidence.score > 0 }));
    for (const samples of [still, perfect])
      for (const value of Object.values(fitCalibration(samples))) expect(Number.isFinite(value)).toBe(true);
  });
});
