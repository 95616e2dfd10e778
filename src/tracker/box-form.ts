import {
  type BoxHead,
  contextSide,
  decodeScores,
  type Embedding,
  type HeadMaps,
  type ModelManifest,
} from '../model/index.js';
import { type Extent, extentOf } from './extent.js';
import type { Place } from './geometry.js';
import type { CellPlace, TargetMemory } from './memory.js';
import { hannWindow } from './window.js';

/** What one frame says of a target. */
export interface Pick {
  readonly place: Place;
  /** 0..1, of the picked point, before window and penalty. */
  readonly score: number;
  /** What else the response says of the pick; absent where there is no box head. */
  readonly response?: Response;
}

/** The middle of a search region, in frame pixels. */
export type Centre = { readonly cx: number; readonly cy: number };

/** How a response looks around its picked point and away from it. */
export interface Response {
  /** Highest score of a box that is another object's: one that overlaps the picked one by less than a fifth. 0..1. */
  readonly rival: number;
  /** Mean overlap (IoU) of the picked box with the boxes of the points inside it, weighted by their scores. 0..1. */
  readonly agreement: number;
  /** Mean score of the points in the middle half of the picked box. 0..1. */
  readonly fill: number;
  /** What the target's memory says of the picked point: about 1 on the target, 0 off it; absent without one. */
  readonly remembered?: number;
  /** The picked point's own box, before it is smoothed. */
  readonly raw: Place;
}

type SearchSide = NonNullable<BoxHead['otherSearches']>[number];

/** What is known beforehand of search crops of one side. */
interface Grid {
  /** Side of the crops, pixels. */
  readonly crop: number;
  /** Cells along one side of the maps, and the position of cell 0 in search pixels from the crop's centre. */
  readonly size: number;
  readonly offset: number;
  readonly window: Float32Array;
  /** Of the cells; with what the memory says, too. */
  readonly scores: Float32Array;
  readonly weighed: Float32Array;
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
  /** By the number of cells. */
  readonly #grids: ReadonlyMap<number, Grid>;

  constructor(manifest: ModelManifest, head: BoxHead) {
    this.#manifest = manifest;
    this.#head = head;
    const usual = { side: manifest.input.search, grid: head.grid };
    const all = [usual, ...(head.otherSearches ?? [])];
    this.#grids = new Map(all.map((search) => [search.grid.size ** 2, tablesOf(search)]));
  }

  /**
   * @param side the search region's side in frame pixels, `last` at its centre
   * @param anywhere no point of the region is preferred to another
   * @param memory the target's, asked about the region's embedding
   */
  pick(
    maps: HeadMaps,
    last: Place,
    side: number,
    anywhere = false,
    memory?: { readonly target: TargetMemory; readonly embedding: Embedding },
  ): Pick {
    const { tracker, contextAmount, stride } = this.#manifest;
    const grid = this.#gridOf(maps);
    const { size: n, offset } = grid;
    const cells = n * n;
    decodeScores(this.#head.score.kind, maps.score, grid.scores);
    const remembered = memory && recall(grid, memory.target.respond(memory.embedding), memory.embedding.side);
    const scores = remembered ? weigh(grid, remembered, tracker.memory) : grid.scores;
    const { box } = maps;
    const { penaltyK, sizeSmoothing } = tracker;
    const windowInfluence = anywhere ? 0 : tracker.windowInfluence;
    const scale = grid.crop / side;
    const lastW = last.w * scale;
    const lastH = last.h * scale;
    const lastSide = contextSide(lastW, lastH, contextAmount);
    const lastRatio = last.w / last.h;
    let best = -1;
    let bestValue = Number.NEGATIVE_INFINITY;
    let bestPenalty = 1;
    for (let k = 0; k < cells; k++) {
      const score = scores[k];
      const window = grid.window[k] * windowInfluence;
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
    const score = grid.scores[best];
    const left = box[best];
    const top = box[cells + best];
    const right = box[2 * cells + best];
    const bottom = box[3 * cells + best];
    const x = offset + (best % n) * stride + (right - left) / 2;
    const y = offset + Math.floor(best / n) * stride + (bottom - top) / 2;
    const rate = bestPenalty * score * sizeSmoothing;
    const raw = { cx: x, cy: y, w: left + right, h: top + bottom };
    return {
      place: {
        cx: last.cx + x / scale,
        cy: last.cy + y / scale,
        w: last.w * (1 - rate) + (raw.w / scale) * rate,
        h: last.h * (1 - rate) + (raw.h / scale) * rate,
      },
      score,
      response: {
        ...this.#look(grid, box, raw),
        ...(remembered && { remembered: remembered[best] }),
        raw: { cx: last.cx + x / scale, cy: last.cy + y / scale, w: raw.w / scale, h: raw.h / scale },
      },
    };
  }

  /**
   * The extent of a target that was pointed at.
   * @param maps of the search region around it, `side` its side in frame pixels
   */
  extentOf(maps: HeadMaps, first: Place, side: number): Extent {
    const { crop, size, offset, scores } = this.#gridOf(maps);
    const scale = crop / side;
    decodeScores(this.#head.score.kind, maps.score, scores);
    const grid = { size, offset, stride: this.#manifest.stride };
    return extentOf(scores, maps.box, grid, { w: first.w * scale, h: first.h * scale });
  }

  #gridOf({ score, box }: HeadMaps): Grid {
    const perCell = this.#head.score.kind === 'softmax2' ? 2 : 1;
    const grid = this.#grids.get(box.length / 4);
    if (grid && score.length === grid.size ** 2 * perCell) return grid;
    const known = [...this.#grids.values()].map(({ size }) => `${size} x ${size}`);
    throw new Error(
      `Expected maps of ${known.join(' or ')} cells, got ${score.length} and ${box.length} numbers.`,
    );
  }

  /**
   * Where a place lies among the cells of a search embedding of `side` cells.
   * @param region the search region's centre, `scale` its search pixels a frame pixel
   */
  cellPlace(place: Place, region: Centre, scale: number, side: number): CellPlace {
    const { stride } = this.#manifest;
    const { size: n, offset } = this.#head.grid;
    const first = offset + (stride * (n - side)) / 2;
    return {
      x: ((place.cx - region.cx) * scale - first) / stride,
      y: ((place.cy - region.cy) * scale - first) / stride,
      side: (Math.sqrt(place.w * place.h) * scale) / stride,
    };
  }

  /** @param pick the picked box in search pixels from the crop's centre */
  #look(grid: Grid, box: Float32Array, pick: Place): Omit<Response, 'raw' | 'remembered'> {
    const { size: n, offset, scores } = grid;
    const { stride } = this.#manifest;
    const cells = n * n;
    const x0 = pick.cx - pick.w / 2;
    const y0 = pick.cy - pick.h / 2;
    const x1 = pick.cx + pick.w / 2;
    const y1 = pick.cy + pick.h / 2;
    const area = pick.w * pick.h;
    let rival = 0;
    let weights = 0;
    let overlaps = 0;
    let inside = 0;
    let filled = 0;
    for (let k = 0; k < cells; k++) {
      const score = scores[k];
      const gx = offset + (k % n) * stride;
      const gy = offset + Math.floor(k / n) * stride;
      const dx = Math.abs(gx - pick.cx);
      const dy = Math.abs(gy - pick.cy);
      if (dx <= Math.max(pick.w / 4, stride / 2) && dy <= Math.max(pick.h / 4, stride / 2)) {
        inside++;
        filled += score;
      }
      const within = dx <= pick.w / 2 && dy <= pick.h / 2;
      if (!within && score <= rival) continue;
      const left = gx - box[k];
      const top = gy - box[cells + k];
      const right = gx + box[2 * cells + k];
      const bottom = gy + box[3 * cells + k];
      const w = Math.min(x1, right) - Math.max(x0, left);
      const h = Math.min(y1, bottom) - Math.max(y0, top);
      const inter = w > 0 && h > 0 ? w * h : 0;
      const overlap = inter > 0 ? inter / (area + (right - left) * (bottom - top) - inter) : 0;
      if (within) {
        weights += score;
        overlaps += score * overlap;
      }
      if (overlap < 0.2 && score > rival) rival = score;
    }
    return {
      rival,
      agreement: weights > 0 ? overlaps / weights : 0,
      fill: inside > 0 ? filled / inside : 0,
    };
  }
}

function tablesOf({ side, grid }: SearchSide): Grid {
  const cells = grid.size ** 2;
  const window = hannWindow(grid.size);
  return { ...grid, crop: side, window, scores: new Float32Array(cells), weighed: new Float32Array(cells) };
}

/** What a memory says of the grid's cells, 0..1: the embedding's cells lie around the same centre. */
function recall({ size: n }: Grid, response: Float32Array, side: number): Float32Array {
  const margin = Math.floor((side - n) / 2);
  const recalled = new Float32Array(n * n);
  for (let j = 0; j < n; j++)
    for (let i = 0; i < n; i++) {
      const [x, y] = [i + margin, j + margin];
      if (x < 0 || y < 0 || x >= side || y >= side) continue;
      recalled[j * n + i] = Math.min(1, Math.max(0, response[y * side + x]));
    }
  return recalled;
}

function weigh({ scores, weighed }: Grid, remembered: Float32Array, share: number): Float32Array {
  for (let k = 0; k < remembered.length; k++) weighed[k] = scores[k] ** (1 - share) * remembered[k] ** share;
  return weighed;
}
