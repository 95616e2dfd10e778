import { type Box, type I420Picture, InvalidArgumentError } from '../common/index.js';
import { meanColour } from './colour.js';
import { contextSide, cropForModel } from './context.js';
import { crossCorrelate } from './correlation.js';
import type { Embedding } from './engine.js';
import type { Model } from './load.js';
import { cropTemplate } from './template-crop.js';

function sameShape(a: Embedding, b: Embedding): void {
  if (a.data.length !== b.data.length || a.channels !== b.channels || a.data.length === 0)
    throw new InvalidArgumentError('embeddings', 'two of the same shape', `${shape(a)} and ${shape(b)}`);
}

function shape(e: Embedding): string {
  return `${e.channels}x${e.side}x${e.side}`;
}

/** Euclidean distance of two embeddings: 0 for equal ones, no upper bound. */
export function euclideanDistance(a: Embedding, b: Embedding): number {
  sameShape(a, b);
  let sum = 0;
  for (let k = 0; k < a.data.length; k++) sum += (a.data[k] - b.data[k]) ** 2;
  return Math.sqrt(sum);
}

/** Cosine of the angle between two embeddings, -1..1; 0 where one is all zeros. */
export function cosineSimilarity(a: Embedding, b: Embedding): number {
  sameShape(a, b);
  return normalised(dot(a.data, b.data), a.data, b.data);
}

/**
 * Highest value, over all shifts, of the cross-correlation of template `a` with search region `b`, divided by the
 * norms of the template and of the part of the region it lies on: -1..1, 1 where the region holds the template.
 */
export function peakCorrelation(a: Embedding, b: Embedding): number {
  const map = crossCorrelate(a, b);
  const { channels, side: m } = a;
  const n = b.side;
  const side = n - m + 1;
  const norm = Math.sqrt(dot(a.data, a.data));
  let peak = -1;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      let energy = 0;
      for (let c = 0; c < channels; c++)
        for (let j = 0; j < m; j++) {
          const from = (c * n + y + j) * n + x;
          for (let i = 0; i < m; i++) energy += b.data[from + i] ** 2;
        }
      const scale = norm * Math.sqrt(energy);
      peak = Math.max(peak, scale > 0 ? Math.min(1, map[y * side + x] / scale) : 0);
    }
  return peak;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function normalised(product: number, a: Float32Array, b: Float32Array): number {
  const scale = Math.sqrt(dot(a, a) * dot(b, b));
  return scale > 0 ? Math.min(1, Math.max(-1, product / scale)) : 0;
}

/** How alike two pictures are, by three measures of one encoder. */
export interface Similarity {
  /** Of the two template embeddings; 0 for equal ones. */
  readonly euclidean: number;
  /** Of the two template embeddings, -1..1. */
  readonly cosine: number;
  /** Of the first picture's template sought in the second's search region, -1..1. */
  readonly peakCorrelation: number;
}

/**
 * Compares what two pictures show.
 * @param boxes the object in each picture; by default the whole picture
 */
export async function comparePictures(
  model: Model,
  a: I420Picture,
  b: I420Picture,
  boxes: readonly [Box?, Box?] = [],
): Promise<Similarity> {
  const { input } = model.manifest;
  const embed = (picture: I420Picture, box: Box | undefined, size: number) => {
    const [x, y, w, h] = box ?? [0, 0, picture.width, picture.height];
    if (!(w > 0 && h > 0 && Number.isFinite(x + y + w + h)))
      throw new InvalidArgumentError('box', 'finite numbers with width and height > 0', [x, y, w, h]);
    const side = (contextSide(w, h, model.manifest.contextAmount) * size) / input.template;
    const mean = meanColour(picture);
    const [cx, cy] = [x + w / 2, y + h / 2];
    return model.encoder.embed(size, (out, offset) =>
      size === input.template
        ? cropTemplate(model.manifest, picture, { cx, cy, w, h }, mean, out, offset)
        : cropForModel(model.manifest, picture, cx, cy, side, size, mean, out, offset),
    );
  };
  const [first, second, search] = await Promise.all([
    embed(a, boxes[0], input.template),
    embed(b, boxes[1], input.template),
    embed(b, boxes[1], input.search),
  ]);
  return {
    euclidean: euclideanDistance(first, second),
    cosine: cosineSimilarity(first, second),
    peakCorrelation: peakCorrelation(first, search),
  };
}
