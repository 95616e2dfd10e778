import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../../src/common/index.js';
import { readOtbSequence } from '../../../src/datasets/index.js';
import { openSource } from '../../../src/ingest/index.js';
import { type EngineEvent, type EngineName, loadModel } from '../../../src/model/index.js';
import { tensorflowStatus } from '../../../src/tensorflow/index.js';
import { Tracker } from '../../../src/tracker/index.js';

const data = process.env.SIAMTRACK_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const folder = join(data, 'sequences', 'Crossing');
const hasFootage = existsSync(folder);
if (!hasFootage) console.info(`skipped: no ${folder} (set SIAMTRACK_DATA to the folder above)`);
/** A GPU's are tried where there is one, by SIAMTRACK_TEST_ENGINES=onnx-cuda,... */
const asked = (process.env.SIAMTRACK_TEST_ENGINES ?? '').split(',').filter(Boolean) as EngineName[];
const engines: EngineName[] = tensorflowStatus().engines.length > 0 ? ['tensorflow', ...asked] : asked;

async function boxesOn(engine: EngineName): Promise<Box[]> {
  const events: EngineEvent[] = [];
  const onEvent = (event: EngineEvent) => events.push(event);
  const model = await loadModel('default', { engine, precision: 'float32', onEvent });
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
  // None stood in for the engine that was asked for.
  expect(events).toEqual([]);
  return boxes;
}

describe('boxes on footage', () => {
  let expected: Box[];
  beforeAll(async () => {
    if (hasFootage && engines.length > 0) expected = await boxesOn('onnx');
  }, 120_000);

  it.skipIf(!hasFootage).each(engines)(
    'agree between ONNX Runtime on the processor and %s within half a pixel on every frame',
    async (engine) => {
      const got = await boxesOn(engine);
      expect(got.length).toBe(expected.length);
      expect(got.length).toBeGreaterThan(100);
      for (const [k, box] of got.entries())
        for (const [side, value] of box.entries())
          expect(Math.abs(value - expected[k][side])).toBeLessThan(0.5);
    },
    600_000,
  );
});
