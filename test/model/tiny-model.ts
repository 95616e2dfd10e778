import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { model, node, tensor } from './onnx-writer.js';

/** An encoder whose embedding is the mean colour of each 16-pixel cell, 0..1: [n, 3, s, s] -> [n, 3, s/16, s/16]. */
export function tinyEncoder(): Buffer {
  const weights = new Float32Array(3 * 3 * 256);
  for (let c = 0; c < 3; c++) weights.fill(1 / 256 / 255, (c * 3 + c) * 256, (c * 3 + c + 1) * 256);
  return model(
    [
      node('Conv', ['input', 'w'], 'embedding', {
        kernel_shape: [16, 16],
        strides: [16, 16],
        pads: [0, 0, 1, 1],
      }),
    ],
    [tensor('w', [3, 3, 16, 16], weights)],
    { input: ['n', 3, 's', 's'] },
    { embedding: ['n', 3, 't', 't'] },
  );
}

/**
 * A head, for search regions of any size, that scores a cell by how near the colours around it are to that of the template's middle, and always answers a box of
 * 64 x 64 search pixels.
 */
export function tinyHead(): Buffer {
  const middle = new Float32Array(3 * 64);
  // Depthwise 8x8 weights: the four cells in the middle.
  for (let c = 0; c < 3; c++) for (const k of [27, 28, 35, 36]) middle[c * 64 + k] = 0.25;
  return model(
    [
      node('Conv', ['template', 'middle', 'none3'], 'colour', { kernel_shape: [8, 8] }),
      node('Sub', ['search', 'colour'], 'difference'),
      node('Abs', ['difference'], 'distance'),
      node('Conv', ['distance', 'nearness', 'start'], 'score', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
      node('Conv', ['search', 'nothing', 'half'], 'box', { kernel_shape: [1, 1] }),
    ],
    [
      tensor('middle', [3, 3, 8, 8], spread(middle)),
      tensor('none3', [3], new Float32Array(3)),
      tensor('nearness', [1, 3, 3, 3], new Float32Array(27).fill(-12 / 9)),
      tensor('start', [1], new Float32Array([4])),
      tensor('nothing', [4, 3, 1, 1], new Float32Array(12)),
      tensor('half', [4], new Float32Array(4).fill(32)),
    ],
    { template: ['n', 3, 8, 8], search: ['n', 3, 'y', 'x'] },
    { score: ['n', 1, 'y', 'x'], box: ['n', 4, 'y', 'x'] },
  );
}

/** Depthwise weights [3, 8, 8] as those of a full convolution [3, 3, 8, 8]. */
function spread(weights: Float32Array): Float32Array {
  const full = new Float32Array(9 * 64);
  for (let c = 0; c < 3; c++) full.set(weights.subarray(c * 64, (c + 1) * 64), (c * 3 + c) * 64);
  return full;
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A valid manifest of the tiny model with a box head, to be changed by tests. */
export function tinyManifest(): Record<string, unknown> & { files: Record<string, unknown> } {
  return {
    format: 1,
    name: 'tiny',
    version: '1.0.0',
    licence: 'Apache-2.0',
    trainingData: 'none',
    input: {
      template: 127,
      search: 255,
      channelOrder: 'RGB',
      normalisation: { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
    },
    stride: 16,
    contextAmount: 0.5,
    largestBatch: 8,
    encoder: { input: 'input', output: 'embedding' },
    head: {
      kind: 'box',
      template: 'template',
      search: 'search',
      score: { output: 'score', kind: 'logit' },
      box: { output: 'box', kind: 'ltrb' },
      grid: { size: 16, offset: -119.5 },
    },
    files: {
      float32: {
        encoder: { path: 'encoder.onnx', sha256: sha256(tinyEncoder()) },
        head: { path: 'head.onnx', sha256: sha256(tinyHead()) },
      },
    },
    tracker: { windowInfluence: 0.2, penaltyK: 0.04, sizeSmoothing: 0.3 },
  };
}

/** The same for search crops of further sides. */
export function withOtherSearches(
  manifest: Record<string, unknown>,
  cells: readonly number[] = [12, 20],
): Record<string, unknown> {
  const { grid, ...head } = manifest.head as { grid: { size: number; offset: number } };
  const otherSearches = cells.map((size) => ({
    side: 16 * size - 1,
    grid: { size, offset: grid.offset + 8 * (grid.size - size) },
  }));
  return { ...manifest, head: { ...head, grid, otherSearches } };
}

/** The tiny model in plain SiamFC form. */
export function tinySiamfcManifest(): Record<string, unknown> {
  const { files, ...rest } = tinyManifest();
  const { encoder } = files.float32 as { encoder: unknown };
  return {
    ...rest,
    head: { kind: 'siamfc', gain: 0.1, bias: 0 },
    files: { float32: { encoder } },
    tracker: { windowInfluence: 0.176 },
  };
}

/** Writes a model folder below the system's temporary one and returns its path. */
export function writeTinyModel(manifest: object = tinyManifest()): string {
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-tiny-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'encoder.onnx'), tinyEncoder());
  writeFileSync(join(folder, 'head.onnx'), tinyHead());
  return folder;
}
