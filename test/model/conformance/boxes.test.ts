import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/common/index.js';
import { readOtbSequence } from '../../../src/datasets/index.js';
import { openSource } from '../../../src/ingest/index.js';
import { type EngineName, loadModel } from '../../../src/model/index.js';
import { tensorflowStatus } from '../../../src/tensorflow/index.js';
import { Tracker } from '../../../src/tracker/index.js';

const data = process.env.SIAMTRACK_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const folder = join(data, 'sequences', 'Crossing');
const hasFootage = existsSync(folder);
if (!hasFootage) console.info(`skipped: no ${folder} (set SIAMTRACK_DATA to the folder above)`);
const hasTensorFlow = tensorflowStatus().engines.length > 0;

async function boxesOn(engine: EngineName): Promise<Box[]> {
  const model = await loadModel('default', { engine, precision: 'float32' });
  const { source: path, targets } = await readOtbSequence(folder);
  const tracker = new Tracker(model);
  const first = targets[0].boxes[0] as Box;
  const boxes: Box[] = [];
  const source = await openSource(path);
  for await (const frame of source) {
    if (frame.index === 0) await tracker.init(frame, first);
    else boxes.push((await tracker.update(frame)).box);
    frame.release();
  }
  await source.close();
  await model.dispose();
  return boxes;
}

describe('boxes on footage', () => {
  it.skipIf(!hasFootage || !hasTensorFlow)(
    'agree between ONNX Runtime and TensorFlow within half a pixel on every frame',
    async () => {
      const [onnx, tensorflow] = [await boxesOn('onnx'), await boxesOn('tensorflow')];
      expect(tensorflow.length).toBe(onnx.length);
      expect(tensorflow.length).toBeGreaterThan(100);
      for (const [k, box] of tensorflow.entries())
        for (const [side, value] of box.entries()) expect(Math.abs(value - onnx[k][side])).toBeLessThan(0.5);
    },
    120_000,
  );
});
