import type { Constant, Graph, GraphNode } from '../../onnx/index.js';
import { BATCH_NORM_EPSILON } from '../kernels.js';
import { type ConvLayer, layersOf, type NetworkSpec } from '../network-spec.js';

/** Weights by parameter name (`encoder.0.filter`, ...) and running statistics (`encoder.0.mean`, `.variance`). */
export type NamedArrays = Readonly<Record<string, Float32Array>>;

/** A convolution ready to run: filter `[out, in, k, k]`, batch norm folded in. */
interface FoldedConv {
  readonly filter: Float32Array;
  readonly bias: Float32Array;
}

/** Names of the exported graphs' inputs and outputs. */
export const NAMES = {
  input: 'input',
  embedding: 'embedding',
  template: 'template',
  search: 'search',
  score: 'score',
  box: 'box',
} as const;

/** The encoder: `input` [n, 3, s, s], normalised, to `embedding` [n, c, s', s']. */
export function encoderGraph(spec: NetworkSpec, arrays: NamedArrays): Graph {
  const builder = new Builder(arrays);
  const { encoder } = layersOf(spec, 0);
  let x: string = NAMES.input;
  let layer = 0;
  for (const stage of spec.stages) {
    if (stage.kind === 'conv') x = builder.relu(builder.conv(x, encoder[layer++]));
    else {
      const inner = builder.relu(builder.conv(x, encoder[layer++]));
      x = builder.relu(builder.node('Add', [builder.conv(inner, encoder[layer++]), x]));
    }
  }
  builder.conv(x, encoder[layer], NAMES.embedding);
  return builder.graph(
    'encoder',
    [{ name: NAMES.input, dims: ['n', 3, 'h', 'w'] }],
    [{ name: NAMES.embedding, dims: ['n', spec.embedding, 'y', 'x'] }],
  );
}

/** The head: `template` and `search` embeddings, of any size, to `score` logits [n, 1, y, x] and `box` [n, 4, y, x]. */
export function headGraph(spec: NetworkSpec, arrays: NamedArrays, templateCells: number): Graph {
  const builder = new Builder(arrays);
  const { head } = layersOf(spec, templateCells);
  const cells = templateCells ** 2;
  const rows = builder.constant('rows', {
    type: 'int64',
    dims: [3],
    data: BigInt64Array.of(0n, BigInt(spec.embedding), -1n),
  });
  const channels = builder.constant('channels', {
    type: 'int64',
    dims: [2],
    data: BigInt64Array.of(0n, BigInt(cells)),
  });
  const side = builder.node('Shape', [NAMES.search], { start: 2, end: 4 });
  const maps = builder.node('Concat', [channels, side], { axis: 0 });
  const template = builder.node('Transpose', [builder.node('Reshape', [NAMES.template, rows])], {
    perm: [0, 2, 1],
  });
  const product = builder.node('MatMul', [template, builder.node('Reshape', [NAMES.search, rows])]);
  let x = builder.node('Concat', [builder.node('Reshape', [product, maps]), NAMES.search], { axis: 1 });
  let layer = 0;
  for (; head[layer].norm; layer++) {
    // The correlation's factor 1 / sqrt(c) goes into the filters that read it.
    const factor = layer === 0 ? { channels: cells, by: 1 / Math.sqrt(spec.embedding) } : undefined;
    x = builder.relu(builder.conv(x, head[layer], undefined, factor));
  }
  builder.conv(x, head[layer], NAMES.score);
  const low = builder.constant('low', { type: 'float32', dims: [], data: Float32Array.of(-4) });
  const high = builder.constant('high', { type: 'float32', dims: [], data: Float32Array.of(6) });
  builder.node(
    'Exp',
    [builder.node('Clip', [builder.conv(x, head[layer + 1]), low, high])],
    undefined,
    NAMES.box,
  );
  return builder.graph(
    'head',
    [
      { name: NAMES.template, dims: ['n', spec.embedding, templateCells, templateCells] },
      { name: NAMES.search, dims: ['n', spec.embedding, 'y', 'x'] },
    ],
    [
      { name: NAMES.score, dims: ['n', 1, 'y', 'x'] },
      { name: NAMES.box, dims: ['n', 4, 'y', 'x'] },
    ],
  );
}

class Builder {
  readonly #arrays: NamedArrays;
  readonly #nodes: GraphNode[] = [];
  readonly #constants = new Map<string, Constant>();

  constructor(arrays: NamedArrays) {
    this.#arrays = arrays;
  }

  node(
    op: string,
    inputs: readonly string[],
    attributes?: GraphNode['attributes'],
    output = `t${this.#nodes.length}`,
  ): string {
    this.#nodes.push({ op, inputs, outputs: [output], ...(attributes ? { attributes } : {}) });
    return output;
  }

  constant(name: string, value: Constant): string {
    this.#constants.set(name, value);
    return name;
  }

  relu(x: string): string {
    return this.node('Relu', [x]);
  }

  conv(x: string, layer: ConvLayer, output?: string, factor?: { channels: number; by: number }): string {
    const { kernel, inChannels, outChannels, stride, name } = layer;
    const { filter, bias } = fold(layer, this.#arrays, factor);
    const pad = Math.floor(kernel / 2);
    const w = this.constant(`${name}.filter`, {
      type: 'float32',
      dims: [outChannels, inChannels, kernel, kernel],
      data: filter,
    });
    const b = this.constant(`${name}.bias`, { type: 'float32', dims: [outChannels], data: bias });
    const attributes = {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    };
    return this.node('Conv', [x, w, b], attributes, output);
  }

  graph(name: string, inputs: Graph['inputs'], outputs: Graph['outputs']): Graph {
    return { name, inputs, outputs, nodes: this.#nodes, constants: this.#constants };
  }
}

/** Filter `[k, k, in, out]` to `[out, in, k, k]`, times the norm's `scale / sqrt(variance + epsilon)`. */
function fold(layer: ConvLayer, arrays: NamedArrays, factor?: { channels: number; by: number }): FoldedConv {
  const { name, kernel, inChannels, outChannels } = layer;
  const raw = arrays[`${name}.filter`];
  const filter = new Float32Array(raw.length);
  const bias = new Float32Array(outChannels);
  for (let o = 0; o < outChannels; o++) {
    let gain = 1;
    if (layer.norm) {
      gain = arrays[`${name}.scale`][o] / Math.sqrt(arrays[`${name}.variance`][o] + BATCH_NORM_EPSILON);
      bias[o] = arrays[`${name}.offset`][o] - arrays[`${name}.mean`][o] * gain;
    } else bias[o] = arrays[`${name}.bias`][o];
    for (let i = 0; i < inChannels; i++) {
      const by = factor && i < factor.channels ? gain * factor.by : gain;
      for (let k = 0; k < kernel * kernel; k++) {
        filter[(o * inChannels + i) * kernel * kernel + k] = raw[(k * inChannels + i) * outChannels + o] * by;
      }
    }
  }
  return { filter, bias };
}
