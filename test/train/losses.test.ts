import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { losses } from '../../src/train/index.js';
import { Random } from '../../src/train/random.js';
import { describeTensorFlow } from './tensorflow.js';

describeTensorFlow('losses', (tf) => {
  const value = (t: Tensor) => t.dataSync()[0];

  /** Largest relative difference between TensorFlow's gradient and central differences. */
  function gradientError(loss: (x: Tensor) => Tensor, shape: number[], values: number[]): number {
    const analytic = tf.grad(loss)(tf.tensor(values, shape)).dataSync();
    const step = 1e-2;
    let worst = 0;
    for (let i = 0; i < values.length; i++) {
      const at = (d: number) =>
        value(
          loss(
            tf.tensor(
              values.map((v, k) => (k === i ? v + d : v)),
              shape,
            ),
          ),
        );
      const numeric = (at(step) - at(-step)) / (2 * step);
      worst = Math.max(worst, Math.abs(numeric - analytic[i]) / Math.max(0.05, Math.abs(numeric)));
    }
    return worst;
  }

  const random = new Random(3);
  const noise = (n: number, low = -1, high = 1) => Array.from({ length: n }, () => random.uniform(low, high));

  it('contrastive: D²/2 for similar pairs, (margin - D)²/2 for dissimilar ones nearer than the margin', () => {
    const a = tf.tensor2d([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const b = tf.tensor2d([
      [3, 4],
      [0.3, 0.4],
      [3, 4],
    ]);
    const y = (...v: number[]) => tf.tensor1d(v);
    // D = 5, 0.5, 5: similar 12.5; dissimilar (1 - 0.5)²/2 = 0.125; dissimilar beyond the margin 0.
    expect(value(losses.contrastiveLoss(tf, a, b, y(0, 1, 1), 1))).toBeCloseTo((12.5 + 0.125 + 0) / 3, 5);
    expect(value(losses.contrastiveLoss(tf, a, a, y(0, 0, 0), 1))).toBeCloseTo(0, 6);
  });

  it('contrastive: identical dissimilar pairs have a finite gradient', () => {
    const b = tf.zeros([1, 4]) as Tensor2D;
    const g = tf.grad((x) => losses.contrastiveLoss(tf, x as Tensor2D, b, tf.tensor1d([1]), 1))(
      tf.zeros([1, 4]),
    );
    expect([...g.dataSync()].every(Number.isFinite)).toBe(true);
  });

  it('triplet, margin form: max(0, near - far + margin)', () => {
    const anchor = tf.tensor2d([
      [0, 0],
      [0, 0],
    ]);
    const positive = tf.tensor2d([
      [1, 0],
      [1, 0],
    ]);
    const negative = tf.tensor2d([
      [0, 1.2],
      [0, 3],
    ]);
    // 1 - 1.44 + 1 = 0.56; 1 - 9 + 1 < 0.
    expect(value(losses.tripletMarginLoss(tf, anchor, positive, negative, 1))).toBeCloseTo(0.28, 5);
  });

  it('triplet on a response map: mean of -log of the matching probability over all pairs', () => {
    const scores = tf.tensor2d([[2, 0, 1]]);
    const positive = tf.tensor2d([[1, 0, 0]]);
    const cost = (vp: number, vn: number) => -Math.log(Math.exp(vp) / (Math.exp(vp) + Math.exp(vn)));
    expect(value(losses.tripletResponseLoss(tf, scores, positive))).toBeCloseTo(
      (cost(2, 0) + cost(2, 1)) / 2,
      5,
    );
    // A cell that is neither on the target nor off it is in no pair.
    const weights = tf.tensor2d([[1, 1, 0]]);
    expect(value(losses.tripletResponseLoss(tf, scores, positive, weights))).toBeCloseTo(cost(2, 0), 5);
  });

  it('balanced logistic: positives and negatives weigh one half each, ignored cells nothing', () => {
    const logits = tf.tensor2d([[2, -1, 0.5, 9]]);
    const labels = tf.tensor2d([[1, 0, 0, 0]]);
    const weights = tf.tensor2d([[1, 1, 1, 0]]);
    const l = (v: number) => Math.log(1 + Math.exp(v));
    const expected = 0.5 * l(-2) + 0.5 * ((l(-1) + l(0.5)) / 2);
    expect(value(losses.balancedLogisticLoss(tf, logits, labels, weights))).toBeCloseTo(expected, 5);
  });

  it('pick: minus the logarithm of the share of the target in the softmax of a map, ignored cells aside', () => {
    const logits = tf.tensor2d([[2, 1, -1, 0.5, 9]]);
    const labels = tf.tensor2d([[1, 1, 0, 0, 0]]);
    const weights = tf.tensor2d([[1, 1, 1, 1, 0]]);
    const target = Math.exp(2) + Math.exp(1);
    const expected = -Math.log(target / (target + Math.exp(-1) + Math.exp(0.5)));
    expect(value(losses.pickLoss(tf, logits, labels, weights))).toBeCloseTo(expected, 5);
    // One look-alike as high as the target costs log 2 among however many other cells.
    const map = tf.tensor2d([[8, 8, ...Array(200).fill(-8)]]);
    const one = tf.tensor2d([[1, ...Array(201).fill(0)]]);
    expect(value(losses.pickLoss(tf, map, one, tf.onesLike(map)))).toBeCloseTo(Math.log(2), 3);
    // Without the target there is nothing to pick.
    expect(value(losses.pickLoss(tf, map, tf.zerosLike(map), tf.onesLike(map)))).toBe(0);
  });

  it('balanced logistic: positives say what their quality is, where it is given', () => {
    const labels = tf.tensor2d([[1, 0]]);
    const weights = tf.ones([1, 2]) as Tensor2D;
    const cost = (logit: number, quality: number) =>
      losses
        .balancedLogisticLoss(tf, tf.tensor2d([[logit, -30]]), labels, weights, tf.tensor2d([[quality, 0]]))
        .dataSync()[0];
    const at = (p: number) => Math.log(p / (1 - p));
    // Least where the score is the quality, at its entropy.
    expect(cost(at(0.7), 0.7)).toBeCloseTo(0.5 * -(0.7 * Math.log(0.7) + 0.3 * Math.log(0.3)), 5);
    expect(cost(at(0.7), 0.7)).toBeLessThan(cost(at(0.75), 0.7));
    expect(cost(at(0.7), 0.7)).toBeLessThan(cost(at(0.65), 0.7));
  });

  it('overlap: the IoU of boxes as distances from one point, through which no gradient need pass', () => {
    const a = tf.tensor2d([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]);
    const b = tf.tensor2d([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ]);
    expect([...losses.distanceIou(tf, a, b).dataSync()]).toEqual([1, 0.25]);
    const gradient = tf.grad((x) => losses.distanceIou(tf, losses.detach(tf, x as Tensor2D), b).sum())(a);
    expect(gradient.dataSync().every((v) => v === 0)).toBe(true);
  });

  it('goes on with a share of its gradient where it is damped', () => {
    const x = tf.tensor2d([[1, -2, 3]]);
    const square = (share: number) =>
      tf
        .grad((v) =>
          losses
            .damped(tf, v as Tensor2D, share)
            .square()
            .sum(),
        )(x)
        .dataSync();
    expect([...square(1)]).toEqual([2, -4, 6]);
    expect([...square(0.25)]).toEqual([0.5, -1, 1.5]);
    expect([...losses.damped(tf, x, 0.25).dataSync()]).toEqual([1, -2, 3]);
  });

  it('box: 1 - IoU and 1 - GIoU of boxes as distances from one point', () => {
    const one = tf.tensor1d([1]);
    const truth = tf.tensor2d([[10, 10, 10, 10]]);
    expect(value(losses.boxIouLoss(tf, truth, truth, one))).toBeCloseTo(0, 5);
    const half = tf.tensor2d([[0, 10, 10, 10]]);
    // Half of the truth, inside it: IoU = 200 / 400, hull = union.
    expect(value(losses.boxIouLoss(tf, half, truth, one, false))).toBeCloseTo(0.5, 5);
    expect(value(losses.boxIouLoss(tf, half, truth, one, true))).toBeCloseTo(0.5, 5);
    const wide = tf.tensor2d([[20, 5, 20, 5]]);
    // Cross: inter 20 x 10 = 200, union 400 + 400 - 200 = 600, hull 40 x 20 = 800.
    expect(value(losses.boxIouLoss(tf, wide, truth, one, true))).toBeCloseTo(1 - (200 / 600 - 200 / 800), 5);
  });

  it('box: cells without weight count for nothing, and none at all cost nothing', () => {
    const truth = tf.tensor2d([
      [10, 10, 10, 10],
      [1, 1, 1, 1],
    ]);
    const predicted = tf.tensor2d([
      [10, 10, 10, 10],
      [50, 50, 50, 50],
    ]);
    expect(value(losses.boxIouLoss(tf, predicted, truth, tf.tensor1d([1, 0])))).toBeCloseTo(0, 5);
    expect(value(losses.boxIouLoss(tf, predicted, truth, tf.tensor1d([0, 0])))).toBe(0);
  });

  it('smooth L1: quadratic inside beta, linear outside', () => {
    expect([...losses.smoothL1(tf, tf.tensor1d([0, 0.5, -0.5, 2])).dataSync()]).toEqual([
      0, 0.125, 0.125, 1.5,
    ]);
    expect(losses.smoothL1(tf, tf.tensor1d([1]), 0.2).dataSync()[0]).toBeCloseTo(0.9, 6);
  });

  it('score distillation: least where the student says what the teacher says', () => {
    const p = tf.tensor2d([[0.9, 0.2, 0.05, 0.01]]);
    const same = tf.log(p.div(tf.sub(1, p))) as Tensor2D;
    const least = value(losses.scoreDistillationLoss(tf, same, p));
    for (let k = 0; k < 20; k++) {
      const other = same.add(tf.tensor2d([noise(4)])) as Tensor2D;
      expect(value(losses.scoreDistillationLoss(tf, other, p))).toBeGreaterThan(least);
    }
  });

  it('box distillation: distance of logarithms, so that sizes count in proportion', () => {
    const one = tf.tensor1d([1]);
    const cost = (a: number, b: number) =>
      value(
        losses.boxDistillationLoss(tf, tf.fill([1, 4], a) as Tensor2D, tf.fill([1, 4], b) as Tensor2D, one),
      );
    expect(cost(20, 20)).toBe(0);
    expect(cost(10, 20)).toBeCloseTo(cost(50, 100), 5);
  });

  it('every gradient agrees with central differences', () => {
    const b = tf.tensor2d(noise(12), [3, 4]);
    const c = tf.tensor2d(noise(12, 2, 3), [3, 4]);
    const y = tf.tensor1d([0, 1, 1]) as Tensor1D;
    const labels = tf.tensor2d([
      [1, 0, 0, 1],
      [0, 1, 0, 0],
      [0, 0, 0, 1],
    ]);
    const weights = tf.tensor2d([
      [1, 1, 0, 1],
      [1, 1, 1, 1],
      [1, 0, 1, 1],
    ]);
    const distances = tf.tensor2d(noise(12, 5, 20), [3, 4]);
    const w3 = tf.tensor1d([1, 0.5, 0]);
    const x2 = (x: Tensor) => x as Tensor2D;
    const cases: Record<string, [(x: Tensor) => Tensor, number[]]> = {
      contrastive: [(x) => losses.contrastiveLoss(tf, x2(x), b, y, 2), noise(12)],
      triplet: [(x) => losses.tripletMarginLoss(tf, x2(x), b, c, 30), noise(12)],
      response: [(x) => losses.tripletResponseLoss(tf, x2(x), labels), noise(12)],
      logistic: [(x) => losses.balancedLogisticLoss(tf, x2(x), labels, weights), noise(12)],
      pick: [(x) => losses.pickLoss(tf, x2(x), labels, weights), noise(12)],
      giou: [(x) => losses.boxIouLoss(tf, x2(x), distances, w3), noise(12, 5, 20)],
      iou: [(x) => losses.boxIouLoss(tf, x2(x), distances, w3, false), noise(12, 5, 20)],
      features: [(x) => losses.featureDistillationLoss(tf, x, c), noise(12)],
      score: [(x) => losses.scoreDistillationLoss(tf, x2(x), tf.sigmoid(b) as Tensor2D), noise(12)],
      box: [(x) => losses.boxDistillationLoss(tf, x2(x), distances, w3), noise(12, 5, 20)],
    };
    for (const [name, [loss, values]] of Object.entries(cases)) {
      expect(gradientError(loss, [3, 4], values), name).toBeLessThan(0.05);
    }
  });
});
