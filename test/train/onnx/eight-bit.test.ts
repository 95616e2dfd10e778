import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type Constant, encodeOnnx, type Graph, type GraphNode } from '../../../src/onnx/index.js';
import { mergeConvolutions } from '../../../src/train/onnx/merge.js';
import { quantise } from '../../../src/train/onnx/quantise.js';
import { Random } from '../../../src/train/random.js';

const random = new Random(5);
const floats = (count: number) => Float32Array.from({ length: count }, () => random.uniform(-1, 1));
const filter = (...dims: number[]): Constant => ({
  type: 'float32',
  dims,
  data: floats(dims.reduce((a, b) => a * b)),
});
const conv = (input: string, name: string, output: string, stride = 1): GraphNode => ({
  op: 'Conv',
  inputs: [input, `${name}.filter`, `${name}.bias`],
  outputs: [output],
  attributes: { kernel_shape: [3, 3], strides: [stride, stride], pads: [1, 1, 1, 1] },
});
/** Convolutions of one input: `out` channels each. */
function graphOf(inChannels: number, outs: Readonly<Record<string, number>>, strides: number[] = []): Graph {
  const names = Object.keys(outs);
  return {
    name: 'test',
    inputs: [{ name: 'x', dims: ['n', inChannels, 'h', 'w'] }],
    outputs: names.map((name) => ({ name, dims: ['n', outs[name], 'y', 'x'] })),
    nodes: names.map((name, k) => conv('x', name, name, strides[k])),
    constants: new Map(
      names.flatMap((name): [string, Constant][] => [
        [`${name}.filter`, filter(outs[name], inChannels, 3, 3)],
        [`${name}.bias`, filter(outs[name])],
      ]),
    ),
  };
}
async function run(graph: Graph, channels: number) {
  const session = await InferenceSession.create(encodeOnnx(graph));
  const x = Float32Array.from({ length: 2 * channels * 81 }, (_, k) => Math.sin(k));
  const out = await session.run({ x: new Tensor('float32', x, [2, channels, 9, 9]) });
  await session.release();
  return Object.fromEntries(Object.entries(out).map(([name, { data }]) => [name, data as Float32Array]));
}

describe('convolutions of one input', () => {
  const both = graphOf(6, { score: 1, box: 4 });
  const filters = new Set(['score.filter', 'box.filter']);

  it('say the same as one', async () => {
    const merged = mergeConvolutions(both, filters, 'last');
    expect(merged.nodes.map(({ op }) => op)).toEqual(['Conv', 'Split']);
    expect([...merged.constants.keys()]).toEqual(['last', 'last.bias', 'last.sizes']);
    const [apart, one] = [await run(both, 6), await run(merged, 6)];
    for (const name of ['score', 'box'])
      for (const [k, v] of apart[name].entries()) expect(one[name][k]).toBeCloseTo(v, 5);
  });

  it('stay apart where they look at it in other ways', () => {
    const other = graphOf(6, { score: 1, box: 4 }, [1, 2]);
    expect(mergeConvolutions(other, filters, 'last')).toBe(other);
  });

  it('stay as they are where there is one', () => {
    const one = graphOf(6, { score: 1 });
    expect(mergeConvolutions(one, filters, 'last')).toBe(one);
  });
});

describe('an 8-bit graph', () => {
  const ranges = new Map(['x', 'y'].map((name) => [name, { low: -1, high: name === 'x' ? 1 : 9 }]));

  it.each([1, 2, 3, 4, 5, 7])('computes the same of %i channels, in fours', async (channels) => {
    const graph = graphOf(channels, { y: 8 });
    const quantised = quantise(graph, new Map([...ranges, ['y', { low: -12, high: 12 }]]));
    const pads = quantised.nodes.filter(({ op }) => op === 'Pad');
    expect(pads.length).toBe(channels % 4 === 0 ? 0 : 1);
    expect(quantised.constants.get('y.filter.q')?.dims).toEqual([8, 4 * Math.ceil(channels / 4), 3, 3]);
    const [exact, coarse] = [await run(graph, channels), await run(quantised, channels)];
    for (const [k, v] of exact.y.entries()) expect(Math.abs(coarse.y[k] - v)).toBeLessThan(0.2);
  });

  it('leaves an input alone that something else reads, too', () => {
    const graph = graphOf(3, { y: 3 });
    const added: GraphNode = { op: 'Add', inputs: ['x', 'y'], outputs: ['z'] };
    const both = { ...graph, nodes: [...graph.nodes, added], outputs: [{ name: 'z' }] };
    const quantised = quantise(both, new Map([...ranges, ['z', { low: -12, high: 12 }]]));
    expect(quantised.nodes.some(({ op }) => op === 'Pad')).toBe(false);
    expect(quantised.constants.get('y.filter.q')?.dims).toEqual([3, 3, 3, 3]);
  });
});
