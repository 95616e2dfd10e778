import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../tensorflow/index.js';

/**
 * Contrastive loss (Hadsell 2006, eq. 4) over pairs of embeddings `[n, d]`, averaged: `y = 0` (similar) costs
 * `D^2 / 2`, `y = 1` (dissimilar) costs `max(0, margin - D)^2 / 2`, with D the Euclidean distance.
 */
export function contrastiveLoss(tf: TensorFlow, a: Tensor2D, b: Tensor2D, y: Tensor1D, margin = 1): Scalar {
  return tf.tidy(() => {
    const squared = tf.squaredDifference(a, b).sum(1);
    // Away from zero, where the square root has no gradient.
    const distance = squared.add(1e-12).sqrt();
    const apart = tf.relu(tf.sub(margin, distance)).square();
    return tf.add(tf.sub(1, y).mul(squared), y.mul(apart)).mul(0.5).mean() as Scalar;
  });
}

/**
 * Triplet loss in its margin form (Schroff 2015, eq. 3) over embeddings `[n, d]`, averaged:
 * `max(0, D(anchor, positive)^2 - D(anchor, negative)^2 + margin)`.
 */
export function tripletMarginLoss(
  tf: TensorFlow,
  anchor: Tensor2D,
  positive: Tensor2D,
  negative: Tensor2D,
  margin = 1,
): Scalar {
  return tf.tidy(() => {
    const near = tf.squaredDifference(anchor, positive).sum(1);
    const far = tf.squaredDifference(anchor, negative).sum(1);
    return tf.relu(near.sub(far).add(margin)).mean() as Scalar;
  });
}

/**
 * Triplet loss of Dong & Shen 2018 (eq. 7) on a response map: over all pairs of a positive score `vp` and a negative
 * score `vn` of one exemplar, the mean of `-log(exp(vp) / (exp(vp) + exp(vn)))`.
 *
 * @param scores response maps as `[n, cells]`
 * @param positive 1 at positive cells, 0 elsewhere, `[n, cells]`; every row needs at least one of each
 * @param weights 1 to count, 0 to ignore, `[n, cells]`; default: all count
 */
export function tripletResponseLoss(
  tf: TensorFlow,
  scores: Tensor2D,
  positive: Tensor2D,
  weights?: Tensor2D,
): Scalar {
  return tf.tidy(() => {
    const differences = scores.expandDims(1).sub(scores.expandDims(2)); // [n, p, q] = score q - score p
    const counted = (cells: Tensor) => (weights ? cells.mul(weights) : cells);
    const negative = counted(tf.sub(1, positive));
    const pairs = counted(positive).expandDims(2).mul(negative.expandDims(1));
    const costs = tf.softplus(differences).mul(pairs).sum([1, 2]);
    return costs.div(pairs.sum([1, 2]).maximum(1)).mean() as Scalar;
  });
}

/**
 * Balanced logistic loss on response maps (Bertinetto 2016, 2.2): the mean of `log(1 + exp(-y v))` with positive and
 * negative cells weighing one half each; cells with weight 0 are ignored.
 *
 * @param logits `[n, cells]`
 * @param labels 1 positive, 0 negative, `[n, cells]`
 * @param weights 1 to count, 0 to ignore, `[n, cells]`
 * @param quality what positive cells are to say instead of 1, 0..1, `[n, cells]`
 */
export function balancedLogisticLoss(
  tf: TensorFlow,
  logits: Tensor2D,
  labels: Tensor2D,
  weights: Tensor2D,
  quality?: Tensor2D,
): Scalar {
  return tf.tidy(() => {
    const positive = labels.mul(weights);
    const negative = tf.sub(1, labels).mul(weights);
    const costs = softCrossEntropy(tf, logits, quality ? labels.mul(quality) : labels);
    const mean = (w: Tensor) => costs.mul(w).sum().div(w.sum().maximum(1));
    return mean(positive).add(mean(negative)).mul(0.5) as Scalar;
  });
}

/**
 * The pick: minus the logarithm of the probability that a cell drawn by the softmax of a map is on the target, averaged. A tracker goes
 * where the map is highest; a look-alike higher than the target costs as much here however small it is, while among all cells it
 * hardly counts. (The listwise view of ranking: Cao 2007, 4, with any relevant item for the first.)
 *
 * @param logits `[n, cells]`
 * @param labels 1 positive, 0 negative, `[n, cells]`; a row without a positive cell shows no target and costs nothing
 * @param weights 1 to count, 0 to ignore, `[n, cells]`
 */
export function pickLoss(tf: TensorFlow, logits: Tensor2D, labels: Tensor2D, weights: Tensor2D): Scalar {
  return tf.tidy(() => {
    const without = (kept: Tensor) => logits.add(kept.sub(1).mul(1e4));
    const all = tf.logSumExp(without(weights), 1);
    const target = tf.logSumExp(without(labels.mul(weights)), 1);
    return all.sub(target).mul(labels.max(1)).mean() as Scalar;
  });
}

/** Element-wise cross-entropy of logits against probabilities in 0..1, in the form that cannot overflow. */
export function softCrossEntropy(tf: TensorFlow, logits: Tensor, targets: Tensor): Tensor {
  return tf.sub(tf.softplus(logits), logits.mul(targets));
}

/** IoU of boxes given as distances `[m, 4]` (left, top, right, bottom, all >= 0) from a shared point, `[m]`. */
export function distanceIou(tf: TensorFlow, a: Tensor2D, b: Tensor2D): Tensor1D {
  return tf.tidy(() => {
    const low = tf.minimum(a, b);
    const [al, at, ar, ab] = tf.split(a, 4, 1);
    const [bl, bt, br, bb] = tf.split(b, 4, 1);
    const [l, t, r, bottom] = tf.split(low, 4, 1);
    const inter = l.add(r).mul(t.add(bottom));
    const union = al
      .add(ar)
      .mul(at.add(ab))
      .add(bl.add(br).mul(bt.add(bb)))
      .sub(inter);
    return inter.div(union.maximum(1e-6)).squeeze([1]) as Tensor1D;
  });
}

/** The same values, through which no gradient passes. */
export function detach<T extends Tensor>(tf: TensorFlow, x: T): T {
  return damped(tf, x, 0);
}

/** The same values, with a gradient `share` times as long. */
export function damped<T extends Tensor>(tf: TensorFlow, x: T, share: number): T {
  if (share === 1) return x;
  return tf.customGrad((v) => ({
    value: (v as Tensor).clone(),
    gradFunc: (dy: Tensor) => dy.mul(share),
  }))(x) as T;
}

/**
 * Generalised IoU loss (Rezatofighi 2019, algorithm 1) between boxes given as distances `[m, 4]` (left, top, right,
 * bottom, all >= 0) from a shared point, weighted: `1 - GIoU`, 0 for equal boxes, up to 2. With `generalised` false,
 * plain `1 - IoU`. A weighted mean over m; 0 where all weights are 0.
 */
export function boxIouLoss(
  tf: TensorFlow,
  predicted: Tensor2D,
  truth: Tensor2D,
  weights: Tensor1D,
  generalised = true,
): Scalar {
  return tf.tidy(() => {
    const [pl, pt, pr, pb] = tf.split(predicted, 4, 1);
    const [tl, tt, tr, tb] = tf.split(truth, 4, 1);
    const side = (a: Tensor, b: Tensor) => tf.add(a, b);
    const inter = side(tf.minimum(pl, tl), tf.minimum(pr, tr))
      .relu()
      .mul(side(tf.minimum(pt, tt), tf.minimum(pb, tb)).relu());
    const union = side(pl, pr)
      .mul(side(pt, pb))
      .add(side(tl, tr).mul(side(tt, tb)))
      .sub(inter)
      .maximum(1e-6);
    let measure = inter.div(union);
    if (generalised) {
      const hull = side(tf.maximum(pl, tl), tf.maximum(pr, tr))
        .mul(side(tf.maximum(pt, tt), tf.maximum(pb, tb)))
        .maximum(1e-6);
      measure = measure.sub(hull.sub(union).div(hull));
    }
    const costs = tf.sub(1, measure).squeeze([1]);
    return costs.mul(weights).sum().div(weights.sum().maximum(1e-6)) as Scalar;
  });
}

/** Smooth L1 (Girshick 2015, eq. 3), element-wise: `x^2 / (2 beta)` below beta, `|x| - beta / 2` above. */
export function smoothL1(tf: TensorFlow, difference: Tensor, beta = 1): Tensor {
  return tf.tidy(() => {
    const absolute = difference.abs();
    const inside = absolute.minimum(beta);
    return inside
      .square()
      .mul(0.5 / beta)
      .add(absolute.sub(inside));
  });
}

/** Distillation of embeddings: mean smooth L1 between the student's and the teacher's, of equal shape. */
export function featureDistillationLoss(tf: TensorFlow, student: Tensor, teacher: Tensor): Scalar {
  return tf.tidy(() => smoothL1(tf, student.sub(teacher)).mean() as Scalar);
}

/**
 * Distillation of a score map: cross-entropy to the teacher's probabilities, each map's mass weighing as much as its
 * empty cells, so that a small target is not drowned.
 *
 * @param logits student `[n, cells]`
 * @param probabilities teacher `[n, cells]`, 0..1
 */
export function scoreDistillationLoss(tf: TensorFlow, logits: Tensor2D, probabilities: Tensor2D): Scalar {
  return tf.tidy(() => {
    const costs = softCrossEntropy(tf, logits, probabilities);
    const mass = probabilities.sum(1, true).maximum(1);
    const full = costs.mul(probabilities.div(mass)).sum(1);
    const empty = tf.sub(1, probabilities);
    const rest = costs.mul(empty).sum(1).div(empty.sum(1).maximum(1));
    return full.add(rest).mul(0.5).mean() as Scalar;
  });
}

/**
 * Distillation of boxes: smooth L1 between the logarithms of student and teacher distances `[m, 4]`, weighted by
 * `weights` `[m]` (the teacher's probability that the cell is on the target).
 */
export function boxDistillationLoss(
  tf: TensorFlow,
  student: Tensor2D,
  teacher: Tensor2D,
  weights: Tensor1D,
): Scalar {
  return tf.tidy(() => {
    const costs = smoothL1(tf, student.maximum(1e-3).log().sub(teacher.maximum(1).log()), 0.2).mean(1);
    return costs.mul(weights).sum().div(weights.sum().maximum(1)) as Scalar;
  });
}
