import { describe, expect, it } from 'vitest';
import { Random } from '../../src/train/random.js';
import { fitResponseScore, logisticRegression } from '../../src/train/response-score.js';

describe('the score of a plain response', () => {
  it('is the logistic function that made the labels', () => {
    const random = new Random(1);
    const values = Array.from({ length: 20_000 }, () => random.uniform(-3, 7));
    const labels = values.map((v) => (random.chance(1 / (1 + Math.exp(-(2 * v - 4)))) ? 1 : 0));
    const { gain, bias } = logisticRegression(values, labels);
    expect(gain).toBeCloseTo(2, 0);
    // Both labels weigh one half, which moves the boundary towards the rarer one's side.
    expect(-bias / gain).toBeCloseTo(2, 0);
  });

  it('stays finite where the labels are told apart in full, or are all the same', () => {
    const { gain, bias } = logisticRegression([0, 1, 2, 3], [0, 0, 1, 1]);
    expect(gain).toBeGreaterThan(1);
    expect(-bias / gain).toBeCloseTo(1.5, 3);
    expect(logisticRegression([1, 2], [1, 1])).toEqual({ gain: 1, bias: 0 });
  });

  it('is high on the target and low off it', () => {
    // A template of one bright cell, which search cell 5,4 shows too.
    const embedding = (side: number, at: number) => ({
      data: Float32Array.from({ length: side * side }, (_, i) => (i === at ? 3 : 0)),
      channels: 1,
      side,
    });
    const pair = {
      template: embedding(2, 3),
      search: embedding(8, 4 * 8 + 5),
      truth: {
        cx: 8,
        cy: 0,
        width: 8,
        height: 8,
        template: { width: 8, height: 8, mean: [0, 0, 0] },
        certainty: 'box',
        source: '',
        kind: '',
      } as const,
    };
    const { gain, bias } = fitResponseScore([pair], { cells: 8, stride: 8, offset: -32 });
    const score = (response: number) => 1 / (1 + Math.exp(-(response * gain + bias)));
    expect(score(9)).toBeGreaterThan(0.9);
    expect(score(0)).toBeLessThan(0.1);
  });
});
