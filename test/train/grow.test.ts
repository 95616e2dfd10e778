import { join } from 'node:path';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  grow,
  type NetworkSpec,
  networkSchema,
  readCheckpoint,
  train,
} from '../../src/train/index.js';
import { Network, type NormMode, parametersOf } from '../../src/train/network.js';
import { cellsOf, layersOf } from '../../src/train/network-spec.js';
import { Random } from '../../src/train/random.js';
import { makeClips, TINY, tinyRecipe } from './recipe.js';
import { describeTensorFlow } from './tensorflow.js';

const INPUT = { template: 63, search: 127, contextAmount: 0.5 };
const small = networkSchema.parse(TINY);
const [first, second, residual] = TINY.stages;
const large = networkSchema.parse({
  ...TINY,
  stages: [
    first,
    { kind: 'residual', middle: 3 },
    second,
    residual,
    { kind: 'residual', middle: 5 },
    residual,
  ],
});

const layers = (network: NetworkSpec) => {
  const { encoder, head } = layersOf(network, cellsOf(network, INPUT.template));
  return [...encoder, ...head];
};
const parameters = (network: NetworkSpec) => layers(network).flatMap(parametersOf);

/** A checkpoint in which every number is another. */
function checkpoint(network: NetworkSpec, seed = 1): Checkpoint {
  const random = new Random(seed);
  const count = parameters(network).reduce((sum, { size }) => sum + size, 0);
  const values = (size: number) => new Float32Array(size).map(() => random.normal() * 0.3);
  const arrays: Record<string, Float32Array> = { 'feature.mean': values(4) };
  for (const name of ['weights', 'average', 'first', 'second']) arrays[name] = values(count);
  for (const { name, outChannels } of layers(network).filter(({ norm }) => norm)) {
    arrays[`${name}.mean`] = values(outChannels);
    arrays[`${name}.variance`] = new Float32Array(outChannels).map(() => random.uniform(0.5, 2));
  }
  return { header: { name: 'small', step: 7, network, input: INPUT }, arrays };
}

/** One of the flat arrays by parameter. */
function byName({ arrays }: Checkpoint, network: NetworkSpec, which: string): Map<string, Float32Array> {
  let end = 0;
  return new Map(
    parameters(network).map(({ name, size }) => {
      end += size;
      return [name, arrays[which].subarray(end - size, end)];
    }),
  );
}

describe('growing a network', () => {
  const start = checkpoint(small);
  const grown = grow(start, large, INPUT.template, 5);
  const moved = { 'encoder.0': 'encoder.0', 'encoder.1': 'encoder.2', 'encoder.2': 'encoder.3' };
  const nameIn = (name: string) =>
    name.replace(/^encoder\.\d+/, (stage) => moved[stage as keyof typeof moved] ?? stage);

  it('carries weights, average, moments and statistics over by stage', () => {
    for (const which of ['weights', 'average', 'first', 'second']) {
      const to = byName(grown, large, which);
      for (const [name, values] of byName(start, small, which))
        expect(to.get(nameIn(name)), name).toEqual(values);
    }
    for (const { name } of layers(small).filter(({ norm }) => norm)) {
      for (const which of ['mean', 'variance'])
        expect(grown.arrays[`${nameIn(name)}.${which}`]).toEqual(start.arrays[`${name}.${which}`]);
    }
    expect(grown.arrays['feature.mean']).toEqual(start.arrays['feature.mean']);
    expect(grown.header).toEqual({ ...start.header, network: large });
  });

  it('starts new blocks with filters from the seed, a last scale of 0 and no moments', () => {
    const weights = byName(grown, large, 'average');
    for (const block of ['encoder.1', 'encoder.4', 'encoder.5']) {
      expect(weights.get(`${block}.b.scale`)).toEqual(new Float32Array(block === 'encoder.1' ? 4 : 8));
      expect(new Set(weights.get(`${block}.a.scale`))).toEqual(new Set([1]));
      expect(new Set(byName(grown, large, 'second').get(`${block}.a.filter`))).toEqual(new Set([0]));
      expect(new Set(grown.arrays[`${block}.a.variance`])).toEqual(new Set([1]));
    }
    const filter = weights.get('encoder.4.a.filter') as Float32Array;
    const deviation = Math.sqrt(filter.reduce((sum, v) => sum + v * v, 0) / filter.length);
    expect(deviation).toBeGreaterThan(0.85 * Math.sqrt(2 / (9 * 8)));
    expect(deviation).toBeLessThan(1.15 * Math.sqrt(2 / (9 * 8)));
    expect(grow(start, large, INPUT.template, 5)).toEqual(grown);
    expect(grow(start, large, INPUT.template, 6).arrays.weights).not.toEqual(grown.arrays.weights);
  });

  it('leaves a checkpoint of the same network as it is', () => {
    expect(grow(start, small, INPUT.template, 5)).toEqual(start);
  });

  it("takes a model's weights, which come without moments", () => {
    const { weights: _, first: __, second: ___, ...kept } = start.arrays;
    const { arrays } = grow({ ...start, arrays: kept }, large, INPUT.template, 5);
    expect(arrays.average).toEqual(grown.arrays.average);
    expect(arrays).not.toHaveProperty('first');
  });

  const changed = (changes: object) => networkSchema.parse({ ...TINY, ...changes });
  const wide = { kind: 'conv', channels: 9, stride: 4, kernel: 5 };
  it.each([
    [
      'another convolution',
      changed({ stages: [first, wide, residual] }),
      /^network\.stages\.1: .*"channels":8.*got .*"channels":9/,
    ],
    [
      'a further convolution',
      changed({ stages: [...TINY.stages, wide] }),
      /^network\.stages\.3: expected no stage or a new residual/,
    ],
    [
      'fewer stages',
      changed({ stages: [first, second] }),
      /^network\.stages: expected \{"kind":"residual","middle":4\} too/,
    ],
    [
      'another block',
      changed({ stages: [first, second, { kind: 'residual', middle: 6 }] }),
      /"middle":4\} too/,
    ],
    [
      'a block on the bare pixels',
      changed({ stages: [residual, ...TINY.stages] }),
      /^network\.stages\.0: .*got \{"kind":"residual"/,
    ],
    ['another embedding', changed({ embedding: 7 }), /^network\.embedding: expected 6, .*got 7/],
    [
      'a wider head',
      changed({ head: { channels: 9, depth: 1 } }),
      /^network\.head\.channels: expected 8, .*got 9/,
    ],
    [
      'a deeper head',
      changed({ head: { channels: 8, depth: 2 } }),
      /^network\.head\.depth: expected 1, .*got 2/,
    ],
    ['no head', changed({ head: 'response' }), /^network\.head\.channels: expected 8, .*got response/],
  ])('is refused for %s', (_, network, message) => {
    expect(() => grow(start, network, INPUT.template, 5)).toThrow(message);
    expect(() => grow(start, network, INPUT.template, 5)).toThrow(
      expect.objectContaining({ code: 'TRAIN_NETWORK' }),
    );
  });

  it('is refused for another template and for weights that do not fit their network', () => {
    expect(() => grow(start, large, 127, 5)).toThrow(/^input\.template: expected 4 cells a side, .*got 8/);
    const arrays = { ...start.arrays, average: start.arrays.average.subarray(1) };
    expect(() => grow({ ...start, arrays }, large, INPUT.template, 5)).toThrow(
      expect.objectContaining({ code: 'TRAIN_CHECKPOINT' }),
    );
  });
});

describeTensorFlow('a grown network', (tf) => {
  const start = checkpoint(small);

  /** Score, box and embedding for random crops. */
  function outputs(from: Checkpoint, spec: NetworkSpec, kind: NormMode['kind']): number[] {
    const random = new Random(3);
    const crops = (n: number, size: number) =>
      tf.tensor4d(
        Float32Array.from({ length: n * size * size * 3 }, () => random.uniform(0, 255)),
        [n, size, size, 3],
      );
    const network = new Network(tf, spec, INPUT.template);
    return tf.tidy(() => {
      const weights = new Map(
        [...byName(from, spec, 'average')].map(([name, values], i) => [
          name,
          tf.tensor(values, network.parameters[i].shape as number[]),
        ]),
      );
      const statistics = new Map(
        network.normLayers.map(({ name }) => [
          name,
          {
            mean: tf.tensor1d(from.arrays[`${name}.mean`]),
            variance: tf.tensor1d(from.arrays[`${name}.variance`]),
          },
        ]),
      );
      const mode: NormMode = kind === 'fixed' ? { kind, statistics } : { kind, record: new Map() };
      const template = network.encode(crops(2, INPUT.template), weights, mode);
      const search: Tensor4D = network.encode(crops(2, INPUT.search), weights, mode);
      const { score, box } = network.head(template, search, weights, mode);
      return [search, score, box].flatMap((t) => [...t.dataSync()]);
    });
  }

  it.each(['fixed', 'batch'] as const)('computes what the small one did (%s statistics)', (kind) => {
    const before = outputs(start, small, kind);
    const after = outputs(grow(start, large, INPUT.template, 5), large, kind);
    expect(new Set(before).size).toBeGreaterThan(100);
    const difference = Math.max(...before.map((value, i) => Math.abs(value - after[i])));
    expect(difference).toBeLessThan(1e-6);
  });

  it('is trained on from a smaller one, and goes on as itself alone', async () => {
    const clips = await makeClips(4);
    const rate = { batch: 4, steps: 1, warmUp: 0, learningRate: 1e-9, weightDecay: 0 };
    const config = await tinyRecipe(clips, { network: large, optimiser: rate });
    await train(tf, config, { start });
    const { arrays } = await readCheckpoint(join(config.output, 'last.ckpt'));
    const expected = grow(start, large, INPUT.template, config.seed).arrays.average;
    expect(Math.max(...expected.map((value, i) => Math.abs(value - arrays.average[i])))).toBeLessThan(1e-6);

    const other = { ...config, network: small };
    await expect(train(tf, other)).rejects.toMatchObject({ code: 'TRAIN_NETWORK' });
    const another = await tinyRecipe(clips, { network: { ...TINY, embedding: 8 }, optimiser: rate });
    await expect(train(tf, another, { start })).rejects.toMatchObject({ code: 'TRAIN_NETWORK' });
  });
});
