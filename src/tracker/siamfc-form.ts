import {
  crossCorrelate,
  type Embedding,
  type ModelManifest,
  type SiamfcHead,
  upsample,
} from '../model/index.js';
import type { Pick } from './box-form.js';
import type { Place } from './geometry.js';
import { hannWindow } from './window.js';

/**
 * The pick of plain SiamFC (Bertinetto 2016, section 4.1): the template's response on search regions of several
 * sizes, each enlarged; changed sizes are penalised; the best one's response, shifted to 0 and scaled to sum 1, is
 * mixed with a Hann window; its peak is the new centre, and the size moves towards the best one by `scaleDamping`.
 */
export class SiamfcForm {
  /** Factors on the search side, the unchanged one in the middle. */
  readonly factors: readonly number[];
  readonly #manifest: ModelManifest;
  readonly #head: SiamfcHead;
  #window: Float32Array = new Float32Array(0);

  constructor(manifest: ModelManifest, head: SiamfcHead) {
    this.#manifest = manifest;
    this.#head = head;
    const middle = (head.scales - 1) / 2;
    this.factors = Array.from({ length: head.scales }, (_, k) => head.scaleStep ** (k - middle));
  }

  /**
   * @param searches embeddings of the search regions, in the order of `factors`
   * @param side the unchanged search region's side in frame pixels, `last` at its centre
   */
  pick(template: Embedding, searches: readonly Embedding[], last: Place, side: number): Pick {
    const { scaleDamping, scalePenalty, responseUpsampling, gain, bias } = this.#head;
    const { stride, input, tracker } = this.#manifest;
    const middle = (this.factors.length - 1) / 2;
    let best = middle;
    let bestPeak = Number.NEGATIVE_INFINITY;
    let response: Float32Array = new Float32Array(0);
    for (const [k, search] of searches.entries()) {
      const map = upsample(
        crossCorrelate(template, search),
        search.side - template.side + 1,
        responseUpsampling,
      );
      let peak = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < map.length; i++) if (map[i] > peak) peak = map[i];
      const value = k === middle || peak < 0 ? peak : peak * scalePenalty;
      if (!(value > bestPeak)) continue;
      bestPeak = value;
      best = k;
      response = map;
    }
    if (response.length === 0) return { place: last, score: 0 };
    const n = Math.round(Math.sqrt(response.length));
    const at = this.#peak(response, n, tracker.windowInfluence);
    const pixels = (side * this.factors[best]) / input.search;
    const step = (stride / responseUpsampling) * pixels;
    const size = 1 + scaleDamping * (this.factors[best] - 1);
    return {
      place: {
        cx: last.cx + ((at % n) - (n - 1) / 2) * step,
        cy: last.cy + (Math.floor(at / n) - (n - 1) / 2) * step,
        w: last.w * size,
        h: last.h * size,
      },
      score: 1 / (1 + Math.exp(-(response[at] * gain + bias))),
    };
  }

  #peak(response: Float32Array, n: number, influence: number): number {
    if (this.#window.length !== n * n) {
      this.#window = hannWindow(n);
      const total = this.#window.reduce((a, b) => a + b, 0) || 1;
      for (let k = 0; k < n * n; k++) this.#window[k] /= total;
    }
    let low = Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let k = 0; k < n * n; k++) {
      low = Math.min(low, response[k]);
      sum += response[k];
    }
    const total = sum - low * n * n || 1;
    let best = 0;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < n * n; k++) {
      const value = ((response[k] - low) / total) * (1 - influence) + this.#window[k] * influence;
      if (value > bestValue) {
        bestValue = value;
        best = k;
      }
    }
    return best;
  }
}
