import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { loadModel, type Model } from '../../src/model/index.js';
import { TargetGroup, TargetsFailedError, Tracker } from '../../src/tracker/index.js';
import { drawPicture, type Rgb } from '../model/pictures.js';
import { writeTinyModel } from '../model/tiny-model.js';

const COLOURS: readonly Rgb[] = [
  [220, 40, 30],
  [30, 60, 220],
  [40, 200, 60],
];
const at = (target: number, k: number): Box => [30 + 90 * target + 3 * k, 40 + 50 * target - k, 40, 40];

function scene(k: number) {
  const boxes = COLOURS.map((colour, target) => ({ box: at(target, k), colour }));
  return drawPicture(320, 240, [100, 100, 100], boxes);
}

describe('target group', () => {
  let folder: string;
  let model: Model;
  beforeAll(async () => {
    folder = writeTinyModel();
    model = await loadModel(folder);
  });
  afterAll(async () => {
    await model.dispose();
    rmSync(folder, { recursive: true });
  });

  async function groupOf(...targets: number[]): Promise<TargetGroup> {
    const group = new TargetGroup(model);
    for (const t of targets) await group.add(`t${t}`, scene(0), at(t, 0));
    return group;
  }

  it('follows each target as it would be followed alone', async () => {
    const group = await groupOf(0, 1, 2);
    const alone = new Tracker(model);
    await alone.init(scene(0), at(1, 0));
    for (let k = 1; k <= 10; k++) {
      const results = await group.update(scene(k));
      expect([...results.keys()]).toEqual(['t0', 't1', 't2']);
      const own = await alone.update(scene(k));
      const shared = results.get('t1');
      for (const [i, value] of own.box.entries()) expect(shared?.box[i]).toBeCloseTo(value, 3);
      expect(shared?.score).toBeCloseTo(own.score, 4);
    }
  });

  it('has all its targets share a batch', async () => {
    const group = await groupOf(0, 1, 2);
    const before = model.encoder.stats.batches;
    await group.update(scene(1));
    expect(model.encoder.stats.batches - before).toBe(1);
  });

  it('forgets targets, and refuses ids that are taken', async () => {
    const group = await groupOf(0, 1);
    await expect(group.add('t0', scene(0), at(0, 0))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(group.remove('t0')).toBe(true);
    expect(group.remove('t0')).toBe(false);
    expect(group.ids).toEqual(['t1']);
    expect([...(await group.update(scene(1))).keys()]).toEqual(['t1']);
  });

  it('without targets answers with nothing', async () => {
    expect((await new TargetGroup(model).update(scene(0))).size).toBe(0);
  });

  it('does not add a target whose box is refused', async () => {
    const group = await groupOf(0);
    await expect(group.add('bad', scene(0), [0, 0, 0, 0])).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(group.ids).toEqual(['t0']);
  });

  it('says which targets failed, and keeps them where they were', async () => {
    const own = await loadModel(folder);
    const group = new TargetGroup(own);
    await group.add('a', scene(0), at(0, 0));
    await own.dispose();
    const error: unknown = await group.update(scene(1)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TargetsFailedError);
    expect(error).toMatchObject({ code: 'TARGETS_FAILED', message: /failed: a$/ });
    expect((error as TargetsFailedError).failures.get('a')).toMatchObject({ code: 'MODEL_DISPOSED' });
  });
});

describe('a snapshot', () => {
  it('is plain JSON from which a group goes on exactly as the first one would', async () => {
    const folder = writeTinyModel();
    const model = await loadModel(folder);
    const group = new TargetGroup(model);
    for (const t of [0, 1]) await group.add(`t${t}`, scene(0), at(t, 0), 0);
    for (let k = 1; k <= 4; k++) await group.update(scene(k), k / 25);
    const restored = TargetGroup.restore(model, JSON.parse(JSON.stringify(group.snapshot())));
    for (let k = 5; k <= 12; k++)
      expect(await restored.update(scene(k), k / 25)).toEqual(await group.update(scene(k), k / 25));
    await model.dispose();
    rmSync(folder, { recursive: true });
  });

  it('of another model is refused', async () => {
    const folder = writeTinyModel();
    const model = await loadModel(folder);
    const group = new TargetGroup(model);
    await group.add('a', scene(0), at(0, 0));
    const { targets } = group.snapshot();
    const foreign = { targets: [{ ...targets[0], tracker: { ...targets[0].tracker, model: 'other 1.0' } }] };
    expect(() => TargetGroup.restore(model, foreign)).toThrow(/other 1\.0/);
    await model.dispose();
    rmSync(folder, { recursive: true });
  });
});
