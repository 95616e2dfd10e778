import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { maskOf } from '../model/index.js';
import type { TensorFlow } from '../tensorflow/index.js';
import type { TrainConfig } from './config.js';
import type { Batch } from './data/batch.js';
import { type Grid, makeLabels, responseMargin } from './labels.js';
import * as losses from './losses.js';
import type { HeadOutput, Network, NormMode, Statistics, Weights } from './network.js';
import { cellsOf, strideOf } from './network-spec.js';

/** Per-channel mean and deviation of the teacher's embeddings: students learn the standardised ones. */
export interface FeatureScale {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

/** The parts of a loss and their sum, before weighting but for `total`. */
export type LossParts = Record<string, Scalar>;

export interface StepInput {
  readonly tf: TensorFlow;
  readonly network: Network;
  readonly config: TrainConfig;
  readonly grid: Grid;
  readonly teacherGrid: Grid | undefined;
  readonly featureScale: FeatureScale | undefined;
}

/** A batch as tensors; dispose with `tf.dispose`. */
export type BatchTensors = {
  readonly templates: Tensor4D;
  readonly searches: Tensor4D;
  /** Factors of the template embeddings' cells, `[n, T, T, 1]`; absent where they are not masked. */
  readonly masks: Tensor4D | undefined;
  readonly score: Tensor2D;
  readonly scoreWeight: Tensor2D;
  readonly box: Tensor2D;
  readonly boxWeight: Tensor1D;
  readonly teacherScore: Tensor2D;
  readonly teacherBox: Tensor2D;
  readonly teacherWeight: Tensor2D;
  readonly teacherTemplates: Tensor4D | undefined;
  readonly teacherSearches: Tensor4D | undefined;
};

export function batchTensors(input: StepInput, batch: Batch): BatchTensors {
  const { tf, config, grid, teacherGrid, featureScale } = input;
  const n = batch.truths.length;
  const cells = grid.cells ** 2;
  const labels = makeLabels(batch, grid, teacherGrid);
  const crops = (data: Float32Array, size: number) => tf.tensor4d(data, [n, size, size, 3]);
  const features = (data: Float32Array | undefined): Tensor4D | undefined => {
    if (!data || !featureScale) return undefined;
    const channels = featureScale.mean.length;
    const side = Math.round(Math.sqrt(data.length / n / channels));
    return tf.tidy(() => {
      const planar = tf.tensor4d(data, [n, channels, side, side]);
      return planar
        .transpose([0, 2, 3, 1])
        .sub(tf.tensor1d(featureScale.mean))
        .div(tf.tensor1d(featureScale.deviation)) as Tensor4D;
    });
  };
  return {
    templates: crops(batch.templates, config.input.template),
    searches: crops(batch.searches, config.input.search),
    masks: masksOf(input, batch),
    score: tf.tensor2d(labels.score, [n, cells]),
    scoreWeight: tf.tensor2d(labels.scoreWeight, [n, cells]),
    box: tf.tensor2d(labels.box, [n * cells, 4]),
    boxWeight: tf.tensor1d(labels.boxWeight),
    teacherScore: tf.tensor2d(labels.teacherScore, [n, cells]),
    teacherBox: tf.tensor2d(labels.teacherBox, [n * cells, 4]),
    teacherWeight: tf.tensor2d(labels.teacherWeight, [n, cells]),
    teacherTemplates: features(batch.teacher?.templates),
    teacherSearches: features(batch.teacher?.searches),
  };
}

function masksOf({ tf, config, network }: StepInput, { truths }: Batch): Tensor4D | undefined {
  const { templateMask, template } = config.input;
  if (!templateMask) return undefined;
  const cells = cellsOf(network.spec, template);
  const stride = strideOf(network.spec);
  const masks = new Float32Array(truths.length * cells * cells);
  for (const [k, { template: of }] of truths.entries())
    masks.set(maskOf(templateMask, cells, stride, of.width, of.height), k * cells * cells);
  return tf.tensor4d(masks, [truths.length, cells, cells, 1]);
}

/** What the network says of a batch of n pairs. */
export interface Forward {
  /** Embeddings. */
  readonly template: Tensor4D;
  readonly search: Tensor4D;
  /** The head on 2n pairs: each search crop with its own template, then with its neighbour's; none in the plain form. */
  readonly head: HeadOutput | undefined;
}

/**
 * Runs the network as in training. The head sees each search crop with its own template and with its neighbour's,
 * which shows another object and must be found nowhere. The template crops are normalised by the search crops'
 * statistics, so that both branches are the same function, in training as in use.
 *
 * @param record receives the statistics of every normalised layer
 * @param fixed statistics to use instead of the batch's own
 * @param headGradient share of the head's gradient that goes on into the encoder
 */
export function forward(
  tf: TensorFlow,
  network: Network,
  w: Weights,
  { templates, searches, masks }: Pick<BatchTensors, 'templates' | 'searches' | 'masks'>,
  record: Map<string, Statistics>,
  fixed?: ReadonlyMap<string, Statistics>,
  headGradient = 1,
): Forward {
  const mode: NormMode = fixed ? { kind: 'fixed', statistics: fixed } : { kind: 'batch', record };
  const search = network.encode(searches, w, mode);
  const template = network.encode(templates, w, { kind: 'fixed', statistics: fixed ?? new Map(record) });
  if (network.spec.head === 'response') return { template, search, head: undefined };
  const n = templates.shape[0];
  const shown = masks ? (tf.mul(template, masks) as Tensor4D) : template;
  const own = losses.damped(tf, shown, headGradient);
  const seen = losses.damped(tf, search, headGradient);
  const neighbours = tf.concat([own.slice([1], [n - 1]), own.slice([0], [1])], 0);
  const head = network.head(
    tf.concat([own, neighbours], 0) as Tensor4D,
    tf.concat([seen, seen], 0) as Tensor4D,
    w,
    mode,
  );
  return { template, search, head };
}

/** The weighted loss of a batch of n pairs. */
export function batchLoss(
  input: StepInput,
  w: Weights,
  batch: BatchTensors,
  record: Map<string, Statistics>,
  statistics: ReadonlyMap<string, Statistics>,
): LossParts {
  const { tf, network, config } = input;
  const weight = config.losses;
  const n = batch.templates.shape[0];
  const fixed = config.freezeNorm ? statistics : undefined;
  const { template, search, head } = forward(tf, network, w, batch, record, fixed, config.headGradient);

  const parts: LossParts = {};
  const costs: Tensor[] = [];
  const add = (name: string, factor: number, cost: () => Scalar) => {
    if (factor === 0) return;
    parts[name] = cost();
    costs.push(parts[name].mul(factor));
  };

  const usesHead =
    weight.score +
      weight.pick +
      weight.box +
      weight.negative +
      weight.gone +
      weight.teacherScore +
      weight.teacherBox >
    0;
  if (head && usesHead) {
    const all = head.score.reshape([2 * n, -1]) as Tensor2D;
    const own = all.slice([0, 0], [n, -1]);
    const foreign = all.slice([n, 0], [n, -1]);
    const box = head.box.slice([0, 0, 0, 0], [n, -1, -1, -1]).reshape([-1, 4]) as Tensor2D;
    // Where the truth has no box, only the place, a positive cell is to say 1.
    const quality = () => {
      const overlap = losses.distanceIou(tf, losses.detach(tf, box), batch.box);
      const known = batch.boxWeight;
      return overlap.mul(known).add(tf.sub(1, known)).reshape([n, -1]) as Tensor2D;
    };
    add('score', weight.score, () =>
      losses.balancedLogisticLoss(
        tf,
        own,
        batch.score,
        batch.scoreWeight,
        config.scoreMeans === 'overlap' ? quality() : undefined,
      ),
    );
    add('pick', weight.pick, () => losses.pickLoss(tf, own, batch.score, batch.scoreWeight));
    add('negative', weight.negative, () => negativeLoss(tf, foreign));
    add('gone', weight.gone, () => negativeLoss(tf, own, tf.sub(1, batch.score.max(1))));
    add('box', weight.box, () => losses.boxIouLoss(tf, box, batch.box, batch.boxWeight));
    if (batch.teacherTemplates) {
      add('teacherScore', weight.teacherScore, () =>
        losses.scoreDistillationLoss(tf, own, batch.teacherScore),
      );
      add('teacherBox', weight.teacherBox, () =>
        losses.boxDistillationLoss(
          tf,
          box,
          batch.teacherBox,
          batch.teacherScore.mul(batch.teacherWeight).flatten() as Tensor1D,
        ),
      );
    }
  }
  if (batch.teacherTemplates && batch.teacherSearches) {
    const [t, s] = [batch.teacherTemplates, batch.teacherSearches];
    add(
      'feature',
      weight.feature,
      () =>
        tf
          .add(losses.featureDistillationLoss(tf, template, t), losses.featureDistillationLoss(tf, search, s))
          .mul(0.5) as Scalar,
    );
  }
  if (weight.response + weight.responseTriplet > 0) {
    const { logits, labels, weights } = responseOf(input, w, template, search, batch);
    add('response', weight.response, () => losses.balancedLogisticLoss(tf, logits, labels, weights));
    add('responseTriplet', weight.responseTriplet, () =>
      losses.tripletResponseLoss(tf, logits, labels, weights),
    );
  }
  if (weight.contrastive + weight.triplet > 0) {
    const anchor = pooled(template);
    const own = pooledAt(tf, search, batch.score);
    const other = tf.concat([own.slice([1], [n - 1]), own.slice([0], [1])], 0) as Tensor2D;
    add('contrastive', weight.contrastive, () => {
      const a = tf.concat([anchor, anchor], 0) as Tensor2D;
      const b = tf.concat([own, other], 0) as Tensor2D;
      return losses.contrastiveLoss(tf, a, b, tf.concat([tf.zeros([n]), tf.ones([n])]) as Tensor1D);
    });
    add('triplet', weight.triplet, () => losses.tripletMarginLoss(tf, anchor, own, other));
  }
  // Weights that no loss reads have gradient 0, which TensorFlow.js must be told.
  for (const name of unreadWeights(config, w)) costs.push((w.get(name) as Tensor).sum().mul(0));
  parts.total = tf.addN(costs) as Scalar;
  return parts;
}

/** Names of the head's weights that no loss of a recipe depends on. */
function unreadWeights({ losses: l, teacher }: TrainConfig, w: Weights): string[] {
  const scored = l.score + l.pick + l.negative + l.gone + (teacher ? l.teacherScore : 0) > 0;
  const boxed = l.box + (teacher ? l.teacherBox : 0) > 0;
  return [...w.keys()].filter((name) => {
    if (name.startsWith('head.response')) return l.response + l.responseTriplet === 0;
    if (name.startsWith('head.score')) return !scored;
    if (name.startsWith('head.box')) return !boxed;
    return name.startsWith('head.') && !scored && !boxed;
  });
}

/**
 * Everywhere, and most where it is worst: the mean over all cells and the mean weighted by a softmax of each map.
 * @param counts 1 for maps that count and 0 for others, `[n]`; all count if absent
 */
function negativeLoss(tf: TensorFlow, logits: Tensor2D, counts?: Tensor): Scalar {
  const costs = tf.softplus(logits);
  const worst = costs.mul(tf.softmax(logits)).sum(1);
  const each = costs.mean(1).add(worst).mul(0.5);
  return (counts ? each.mul(counts) : each).mean() as Scalar;
}

/** Unit-length mean of the middle cells of a template embedding, `[n, c]`. */
function pooled(template: Tensor4D): Tensor2D {
  const quarter = Math.floor(template.shape[1] / 4);
  const middle = template.slice(
    [0, quarter, quarter, 0],
    [-1, template.shape[1] - 2 * quarter, template.shape[2] - 2 * quarter, -1],
  );
  return unit(middle.mean([1, 2]) as Tensor2D);
}

/** Unit-length mean of the search embedding over the target's cells, `[n, c]`. */
function pooledAt(tf: TensorFlow, search: Tensor4D, score: Tensor2D): Tensor2D {
  const [n, s, , c] = search.shape;
  const weights = score.div(score.sum(1, true)).reshape([n, 1, s * s]);
  return unit(tf.matMul(weights, search.reshape([n, s * s, c])).squeeze([1]) as Tensor2D);
}

function unit(x: Tensor2D): Tensor2D {
  return x.div(x.square().sum(1, true).add(1e-8).sqrt()) as Tensor2D;
}

/** The plain SiamFC response as `[n, cells]`, and its labels: its cells are the search grid's without its margin. */
function responseOf(
  { network, grid }: StepInput,
  w: Weights,
  template: Tensor4D,
  search: Tensor4D,
  batch: BatchTensors,
): { logits: Tensor2D; labels: Tensor2D; weights: Tensor2D } {
  const n = template.shape[0];
  const map = network.responseLogits(template, search, w);
  const side = map.shape[1];
  const margin = responseMargin(template.shape[1]);
  const inner = (t: Tensor2D) =>
    t
      .reshape([n, grid.cells, grid.cells])
      .slice([0, margin, margin], [n, side, side])
      .reshape([n, -1]) as Tensor2D;
  return {
    logits: map.reshape([n, -1]) as Tensor2D,
    labels: inner(batch.score),
    weights: inner(batch.scoreWeight),
  };
}
