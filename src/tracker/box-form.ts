import {
  type BoxHead,
  contextSide,
  decodeScores,
  type HeadMaps,
  type ModelManifest,
} from '../model/index.js';
import type { Place } from './geometry.js';
import { hannWindow } from './window.js';

/** What one frame says of a target. */
export interface Pick {
  readonly place: Place;
  /** 0..1, of the picked point, before window and penalty. */
  readonly score: number;
}

/**
 * The pick of a box head, as SiamRPN (Li 2018) introduced it and NanoTrack uses it: every grid point's score is
 * discounted by exp(-(r s - 1) k), r and s being the larger-over-smaller change of aspect ratio and of padded size
 * against the last box, then mixed with a Hann window; the best point's box is taken, its size smoothed.
 * It keeps tables only, nothing of a target: one serves all targets of a model.
 */
export class BoxForm {
  readonly #head: BoxHead;
  readonly #manifest: ModelManifest;
  readonly #window: Float32Array;
  readonly #scores: Float32Array;

  constructor(manifest: ModelManifest, head: BoxHead) {
    const n = head.grid.size;
    this.#manifest = manifest;
    this.#head = head;
    this.#window = hannWindow(n);
    this.#scores = new Float32Array(n * n);
  }

  /** @param side the search region's side in frame pixels, `last` at its centre */
  pick(maps: HeadMaps, last: Place, side: number): Pick {
    const { tracker, contextAmount, stride, input } = this.#manifest;
    const { size: n, offset } = this.#head.grid;
    const cells = n * n;
    if (
      maps.score.length !== cells * (this.#head.score.kind === 'softmax2' ? 2 : 1) ||
      maps.box.length !== 4 * cells
    )
      throw new Error(
        `Expected maps of ${n} x ${n} cells, got ${maps.score.length} and ${maps.box.length} numbers.`,
      );
    const scores = this.#scores;
    decodeScores(this.#head.score.kind, maps.score, scores);
    const { box } = maps;
    const { windowInfluence, penaltyK, sizeSmoothing } = tracker;
    const scale = input.search / side;
    const lastW = last.w * scale;
    const lastH = last.h * scale;
    const lastSide = contextSide(lastW, lastH, contextAmount);
    const lastRatio = last.w / last.h;
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    let bestPenalty = 1;
    for (let k = 0; k < cells; k++) {
      const score = scores[k];
      const window = this.#window[k] * windowInfluence;
      // No penalty raises a score: where even the full one cannot win, the rest need not be computed.
      if (score * (1 - windowInfluence) + window <= bestValue) continue;
      const w = box[k] + box[2 * cells + k];
      const h = box[cells + k] + box[3 * cells + k];
      if (!(w > 0 && h > 0)) continue;
      const s = contextSide(w, h, contextAmount) / lastSide;
      const r = w / h / lastRatio;
      const penalty = Math.exp(-((r < 1 ? 1 / r : r) * (s < 1 ? 1 / s : s) - 1) * penaltyK);
      const value = score * penalty * (1 - windowInfluence) + window;
      if (!(value > bestValue)) continue;
      bestValue = value;
      best = k;
      bestPenalty = penalty;
    }
    if (best < 0) return { place: last, score: 0 };
    const score = scores[best];
    const left = box[best];
    const top = box[cells + best];
    const right = box[2 * cells + best];
    const bottom = box[3 * cells + best];
    const x = offset + (best % n) * stride + (right - left) / 2;
    const y = offset + Math.floor(best / n) * stride + (bottom - top) / 2;
    const rate = bestPenalty * score * sizeSmoothing;
    return {
      place: {
        cx: last.cx + x / scale,
        cy: last.cy + y / scale,
        w: last.w * (1 - rate) + ((left + right) / scale) * rate,
        h: last.h * (1 - rate) + ((top + bottom) / scale) * rate,
      },
      score,
    };
  }
}
