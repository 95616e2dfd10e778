import { iou } from '../common/index.js';
import type { Batch } from './data/batch.js';
import type { Statistics, Weights } from './network.js';
import { batchTensors, type StepInput } from './step.js';

/** Measures on held-out pairs, by the cell of highest score alone. */
export interface ValidationMeasures extends Record<string, number> {
  /** Mean IoU of the chosen box with the truth. */
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
  const { tf, network, grid } = input;
  const sums = { iou: 0, success: 0, distance: 0 };
  let pairs = 0;
  for (const batch of batches) {
    const maps = tf.tidy(() => {
      const w = weights();
      const mode = { kind: 'fixed', statistics } as const;
      const tensors = batchTensors({ ...input, teacherGrid: undefined, featureScale: undefined }, batch);
      const templates = network.encode(tensors.templates, w, mode);
      const { score, box } = network.head(
        tensors.masks ? templates.mul(tensors.masks) : templates,
        network.encode(tensors.searches, w, mode),
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
      const [l, t, r, b] = box.subarray((k * cells + peak) * 4, (k * cells + peak) * 4 + 4);
      const x = grid.offset + (peak % grid.cells) * grid.stride;
      const y = grid.offset + Math.floor(peak / grid.cells) * grid.stride;
      const found = iou(
        [x - l, y - t, l + r, t + b],
        [truth.cx - truth.width / 2, truth.cy - truth.height / 2, truth.width, truth.height],
      );
      sums.iou += found;
      sums.success += found > 0.5 ? 1 : 0;
      sums.distance += Math.hypot(x + (r - l) / 2 - truth.cx, y + (b - t) / 2 - truth.cy);
      pairs++;
    });
  }
  return { iou: sums.iou / pairs, success: sums.success / pairs, distance: sums.distance / pairs };
}
