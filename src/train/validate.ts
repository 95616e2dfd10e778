import { iou } from '../common/index.js';
import type { Batch } from './data/batch.js';
import { responseGrid } from './labels.js';
import type { Statistics, Weights } from './network.js';
import { cellsOf } from './network-spec.js';
import { batchTensors, type StepInput } from './step.js';

/** Measures on held-out pairs, by the cell of highest score alone. */
export interface ValidationMeasures extends Record<string, number> {
  /** Mean IoU of the chosen box with the truth; in the plain form, which has no box, of one of the truth's size. */
  iou: number;
  /** Share of pairs with IoU over one half. */
  success: number;
  /** Mean distance of the centres, search pixels. */
  distance: number;
}

/** Runs the network as in use, with running statistics, on pairs that were never trained on. */
export async function validate(
  input: StepInput,
  weights: () => Weights,
  statistics: ReadonlyMap<string, Statistics>,
  batches: readonly Batch[],
): Promise<ValidationMeasures> {
  const { tf, network, config } = input;
  const plain = network.spec.head === 'response';
  const grid = plain ? responseGrid(input.grid, cellsOf(network.spec, config.input.template)) : input.grid;
  const sums = { iou: 0, success: 0, distance: 0 };
  let pairs = 0;
  for (const batch of batches) {
    const maps = tf.tidy(() => {
      const w = weights();
      const mode = { kind: 'fixed', statistics } as const;
      const tensors = batchTensors({ ...input, teacherGrid: undefined, featureScale: undefined }, batch);
      const template = network.encode(tensors.templates, w, mode);
      const search = network.encode(tensors.searches, w, mode);
      if (plain) return [network.response(template, search)];
      const { score, box } = network.head(
        tensors.masks ? template.mul(tensors.masks) : template,
        search,
        w,
        mode,
      );
      return [score, box];
    });
    const [score, box] = await Promise.all(maps.map((map) => map.data()));
    tf.dispose(maps);
    const cells = grid.cells ** 2;
    batch.truths.forEach((truth, k) => {
      let peak = 0;
      for (let i = 1; i < cells; i++) if (score[k * cells + i] > score[k * cells + peak]) peak = i;
      const [halfWidth, halfHeight] = [truth.width / 2, truth.height / 2];
      const [l, t, r, b] = box
        ? box.subarray((k * cells + peak) * 4, (k * cells + peak) * 4 + 4)
        : [halfWidth, halfHeight, halfWidth, halfHeight];
      const x = grid.offset + (peak % grid.cells) * grid.stride;
      const y = grid.offset + Math.floor(peak / grid.cells) * grid.stride;
      const found = iou(
        [x - l, y - t, l + r, t + b],
        [truth.cx - halfWidth, truth.cy - halfHeight, truth.width, truth.height],
      );
      sums.iou += found;
      sums.success += found > 0.5 ? 1 : 0;
      sums.distance += Math.hypot(x + (r - l) / 2 - truth.cx, y + (b - t) / 2 - truth.cy);
      pairs++;
    });
  }
  return { iou: sums.iou / pairs, success: sums.success / pairs, distance: sums.distance / pairs };
}
