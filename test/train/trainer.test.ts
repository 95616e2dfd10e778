import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { readCheckpoint, type TrainEvent, train } from '../../src/train/index.js';
import { makeClips, TINY, tinyRecipe } from './recipe.js';
import { describeTensorFlow } from './tensorflow.js';

describeTensorFlow('training', (tf) => {
  let clips = '';
  beforeAll(async () => {
    clips = await makeClips(10);
  });

  it('lowers the loss, and logs every step and validation', async () => {
    const config = await tinyRecipe(clips, {
      optimiser: { batch: 8, steps: 60, warmUp: 2, learningRate: 5e-3 },
    });
    const events: TrainEvent[] = [];
    await train(tf, config, { onEvent: (e) => events.push(e) });
    const losses = events.filter((e) => e.kind === 'step').map((e) => e.values.total);
    expect(losses).toHaveLength(60);
    const mean = (a: number[]) => a.reduce((x, y) => x + y) / a.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.7 * mean(losses.slice(0, 5)));
    const rows = (await readFile(join(config.output, 'step.csv'), 'utf8')).trimEnd().split('\n');
    expect(rows).toHaveLength(61);
    expect(rows[0]).toMatch(/^step,pairs,learningRate,score,negative,box,total,/);
    expect(events.filter((e) => e.kind === 'validation').map((e) => e.step)).toEqual([
      6, 12, 18, 24, 30, 36, 42, 48, 54, 60,
    ]);
  });

  it('goes on after a cut exactly as if there had been none', async () => {
    const whole = await tinyRecipe(clips);
    await train(tf, whole);
    const cut = await tinyRecipe(clips);
    await train(tf, cut, { stopAfter: 5 });
    await train(tf, cut, { stopAfter: 4 });
    await train(tf, cut);
    const [a, b] = await Promise.all([whole, cut].map((c) => readCheckpoint(join(c.output, 'last.ckpt'))));
    expect(a.header).toEqual(b.header);
    for (const name of Object.keys(a.arrays)) expect(b.arrays[name], name).toEqual(a.arrays[name]);
    const column = async (folder: string) =>
      (await readFile(join(folder, 'step.csv'), 'utf8'))
        .split('\n')
        .map((row) => row.split(',').slice(0, 7).join(','));
    expect(await column(cut.output)).toEqual(await column(whole.output));
  });

  it('drops the rows of steps that were lost in a kill', async () => {
    const config = await tinyRecipe(clips);
    await train(tf, config, { stopAfter: 5 });
    const stale = await readFile(join(config.output, 'step.csv'), 'utf8');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(config.output, 'step.csv'), `${stale}9,36,1,1,1,1,1,1,1,1\n`);
    await train(tf, config);
    const steps = (await readFile(join(config.output, 'step.csv'), 'utf8'))
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((r) => Number(r.split(',')[0]));
    expect(steps).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  it('holds no more tensors after many steps than after few', async () => {
    const growth = async (steps: number) => {
      const config = await tinyRecipe(clips, { optimiser: { batch: 4, steps, warmUp: 2 } });
      const before = tf.memory().numTensors;
      await train(tf, config);
      return tf.memory().numTensors - before;
    };
    expect(await growth(40)).toBe(await growth(4));
  });

  it('leaves frozen layers as they are', async () => {
    const start = async (steps: number) => {
      const config = await tinyRecipe(clips, {
        freeze: ['encoder.0', 'encoder.2.a'],
        optimiser: { batch: 4, steps, warmUp: 1, average: 0 },
      });
      await train(tf, config);
      return (await readCheckpoint(join(config.output, 'last.ckpt'))).arrays.weights;
    };
    const [early, late] = [await start(1), await start(6)];
    const changed = (from: number, count: number) =>
      late.slice(from, from + count).some((value, i) => value !== early[from + i]);
    const first = 5 * 5 * 3 * 4 + 4 + 4;
    const second = 5 * 5 * 4 * 8 + 8 + 8;
    expect(changed(0, first)).toBe(false);
    expect(changed(first, second)).toBe(true);
    expect(changed(first + second, 3 * 3 * 8 * 4 + 4 + 4)).toBe(false);
    expect(changed(first + second + 3 * 3 * 8 * 4 + 8, 3 * 3 * 4 * 8)).toBe(true);
  });

  it('measures the plain form by a box of the size of the truth, at the peak of its response', async () => {
    const config = await tinyRecipe(clips, {
      network: { ...TINY, head: 'response' },
      losses: { score: 0, negative: 0, box: 0, feature: 0, teacherScore: 0, teacherBox: 0, response: 1 },
      optimiser: { batch: 4, steps: 60, warmUp: 2, learningRate: 5e-3, average: 0.9 },
      every: { log: 10, checkpoint: 60, validate: 60 },
    });
    const events: TrainEvent[] = [];
    await train(tf, config, { onEvent: (event) => events.push(event) });
    const { iou, distance } = events.filter(({ kind }) => kind === 'validation')[0].values;
    expect(distance).toBeLessThan(20);
    expect(iou).toBeGreaterThan(0.4);
  });

  it("refuses losses of a head where there is none, by the recipe's names", async () => {
    const recipe = tinyRecipe(clips, {
      network: { ...TINY, head: 'response' },
      losses: { score: 0, box: 2 },
    });
    await expect(recipe).rejects.toThrow(/expected 0, as network\.head is \\"response\\", got 2/);
  });

  it('refuses losses on embeddings of a target that pairs take away', async () => {
    const recipe = tinyRecipe(clips, { pairs: { covered: 0.1 }, losses: { contrastive: 2 } });
    await expect(recipe).rejects.toThrow(/expected 0, as pairs\.recoloured or pairs\.covered .*got 2/);
  });

  it('learns that a target which is gone is nowhere', async () => {
    const config = await tinyRecipe(clips, {
      pairs: { covered: 1 },
      losses: { score: 0, negative: 0, box: 0, gone: 1 },
      optimiser: { batch: 8, steps: 30, learningRate: 0.01, warmUp: 0 },
    });
    const events: TrainEvent[] = [];
    await train(tf, config, { onEvent: (event) => events.push(event) });
    const costs = events.filter(({ kind }) => kind === 'step').map(({ values }) => values.gone);
    expect(costs[costs.length - 1]).toBeLessThan(0.5 * costs[0]);
  });

  const plain = { ...TINY, head: 'response' };
  it.each([
    ['score', TINY],
    ['contrastive', TINY],
    ['triplet', TINY],
    ['response', TINY],
    ['contrastive', plain],
    ['response', plain],
    ['responseTriplet', TINY],
  ])('learns from %s on its own', async (name, network) => {
    const off = { score: 0, negative: 0, box: 0, feature: 0, teacherScore: 0, teacherBox: 0 };
    const config = await tinyRecipe(clips, {
      network,
      losses: { ...off, [name]: 1 },
      optimiser: { batch: 8, steps: 30, warmUp: 1, learningRate: 5e-3 },
      data: { clips: [clips], clipsOneBased: true, validation: 0 },
    });
    const values: number[] = [];
    await train(tf, config, { onEvent: (e) => e.kind === 'step' && values.push(e.values.total) });
    const mean = (a: number[]) => a.reduce((x, y) => x + y) / a.length;
    expect(mean(values.slice(-8)), name).toBeLessThan(mean(values.slice(0, 4)));
  });
});
