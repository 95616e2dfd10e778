import type { Constant, Graph, GraphNode } from '../../onnx/index.js';

/** Smallest and largest value of an activation, as calibration saw it. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Largest magnitude of a weight. Seven bits, because the 8-bit kernels of processors without VNNI add two products in
 * 16 bits, which 8-bit weights overflow.
 */
export const WEIGHT_LIMIT = 63;

/**
 * Channels of an input come in multiples of this: 8-bit kernels multiply four values at a time. The first convolution of three channels
 * takes nearly twice as long as the same one of four.
 */
const CHANNELS = 4;

/** Whether a node computes in 8 bits: convolutions and additions do, but for convolutions by a filter of `inFloat`. */
export function isQuantised(node: GraphNode, inFloat: ReadonlySet<string>): boolean {
  return node.op === 'Add' || (node.op === 'Conv' && !inFloat.has(node.inputs[1]));
}

/** Values that are quantised in a graph: everything such nodes read or write, ReLU folded in. */
export function quantisedValues(graph: Graph, inFloat: ReadonlySet<string> = new Set()): string[] {
  const relus = new Map(graph.nodes.filter((n) => n.op === 'Relu').map((n) => [n.inputs[0], n.outputs[0]]));
  const values = new Set<string>();
  for (const node of graph.nodes.filter((n) => isQuantised(n, inFloat))) {
    for (const input of node.inputs) if (!graph.constants.has(input)) values.add(input);
    values.add(relus.get(node.outputs[0]) ?? node.outputs[0]);
  }
  // What only a ReLU reads is never stored: the kernel clips as it writes.
  return [...values].filter((v) => !relus.has(v));
}

/**
 * The graph with quantised convolutions and additions, as pairs of QuantizeLinear and DequantizeLinear around them,
 * which a runtime fuses into 8-bit kernels (Jacob 2018; ONNX Runtime's QDQ form): activations uint8 per value, weights
 * int8 per output channel, biases int32.
 *
 * @param ranges of every value that `quantisedValues` names
 * @param inFloat names of filters whose convolutions stay in float32
 * @param rounded filters by name; those that are not there are rounded to the nearest
 */
export function quantise(
  graph: Graph,
  ranges: ReadonlyMap<string, Range>,
  inFloat: ReadonlySet<string> = new Set(),
  rounded: ReadonlyMap<string, Int8Array> = new Map(),
): Graph {
  const constants = new Map<string, Constant>();
  const nodes: GraphNode[] = [];
  const scales = new Map<string, number>();
  const values = new Set(quantisedValues(graph, inFloat));
  const outputs = new Set(graph.outputs.map((o) => o.name));

  const scalar = (name: string, type: 'float32' | 'uint8', data: Constant['data']) => {
    constants.set(name, { type, dims: [], data });
    return name;
  };
  /** Appends the pair behind a value whose float form is called `from`; consumers read `to`. */
  const pair = (value: string, from: string, to: string) => {
    const { low, high } = ranges.get(value) as Range;
    const [l, h] = [Math.min(0, low), Math.max(0, high)];
    const scale = Math.fround(Math.max(1e-8, (h - l) / 255));
    scales.set(value, scale);
    const s = scalar(`${value}.scale`, 'float32', Float32Array.of(scale));
    const z = scalar(`${value}.zero`, 'uint8', Uint8Array.of(Math.round(-l / scale)));
    nodes.push({ op: 'QuantizeLinear', inputs: [from, s, z], outputs: [`${value}.q`] });
    nodes.push({ op: 'DequantizeLinear', inputs: [`${value}.q`, s, z], outputs: [to] });
  };
  // A graph's output keeps its name behind the pair; other values get a new one there.
  const read = (value: string) => (values.has(value) && !outputs.has(value) ? `${value}.dq` : value);

  const missing = missingChannels(graph, inFloat);
  for (const { name } of graph.inputs) {
    if (!values.has(name)) continue;
    pair(name, name, read(name));
    const more = missing.get(name);
    if (more) pad(nodes, constants, name, more);
  }
  for (const node of graph.nodes) {
    const inputs =
      node.op === 'Conv' && isQuantised(node, inFloat)
        ? [
            read(node.inputs[0]),
            ...quantiseFilter(
              graph,
              node,
              scales.get(node.inputs[0]) as number,
              missing.get(node.inputs[0]) ?? 0,
              rounded.get(node.inputs[1]),
              constants,
              nodes,
            ),
          ]
        : node.inputs.map((input) => {
            const constant = graph.constants.get(input);
            if (constant) constants.set(input, constant);
            return read(input);
          });
    const [output, ...others] = node.outputs;
    const isOutput = values.has(output) && outputs.has(output);
    nodes.push({ ...node, inputs, outputs: [isOutput ? `${output}.float` : output, ...others] });
    if (values.has(output))
      pair(output, isOutput ? `${output}.float` : output, isOutput ? output : `${output}.dq`);
  }
  return { ...graph, nodes, constants };
}

/** Channels that inputs lack which only quantised convolutions read. */
function missingChannels(graph: Graph, inFloat: ReadonlySet<string>): Map<string, number> {
  const missing = new Map<string, number>();
  for (const { name, dims } of graph.inputs) {
    const channels = dims?.[1];
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
    const filters = readers.every((node) => node.op === 'Conv' && isQuantised(node, inFloat));
    if (typeof channels === 'number' && channels % CHANNELS > 0 && filters)
      missing.set(name, CHANNELS - (channels % CHANNELS));
  }
  return missing;
}

/** Puts channels behind those of a quantised input, between its pair; filters are 0 there. */
function pad(nodes: GraphNode[], constants: Map<string, Constant>, input: string, channels: number): void {
  const whole = nodes.pop() as GraphNode;
  const amounts = BigInt64Array.of(0n, 0n, 0n, 0n, 0n, BigInt(channels), 0n, 0n);
  constants.set(`${input}.padding`, { type: 'int64', dims: [8], data: amounts });
  const [q, scale, zero] = whole.inputs;
  const padded = `${input}.padded`;
  nodes.push({ op: 'Pad', inputs: [q, `${input}.padding`, zero], outputs: [padded] });
  nodes.push({ ...whole, inputs: [padded, scale, zero] });
}

/** Of each output channel's weights: the largest is `WEIGHT_LIMIT` times it. */
export function filterScales(weights: Float32Array, channels: number): Float32Array {
  const each = weights.length / channels;
  return Float32Array.from({ length: channels }, (_, o) => {
    const own = weights.subarray(o * each, (o + 1) * each);
    return own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-8) / WEIGHT_LIMIT;
  });
}

/** Adds a convolution's quantised filter and bias; returns the names its node reads. */
function quantiseFilter(
  graph: Graph,
  node: GraphNode,
  inputScale: number,
  moreChannels: number,
  rounded: Int8Array | undefined,
  constants: Map<string, Constant>,
  nodes: GraphNode[],
): string[] {
  const [, filterName, biasName] = node.inputs;
  const filter = graph.constants.get(filterName) as Constant;
  const bias = (graph.constants.get(biasName) as Constant).data as Float32Array;
  const values = filter.data as Float32Array;
  const [channels, inChannels, ...kernel] = filter.dims;
  const each = values.length / channels;
  const room = (each / inChannels) * (inChannels + moreChannels);
  const scale = filterScales(values, channels);
  const whole = new Int8Array(channels * room);
  const offset = new Int32Array(channels);
  const biasScale = new Float32Array(channels);
  for (let o = 0; o < channels; o++) {
    for (let i = 0; i < each; i++)
      whole[o * room + i] = rounded ? rounded[o * each + i] : Math.round(values[o * each + i] / scale[o]);
    biasScale[o] = inputScale * scale[o];
    offset[o] = Math.round(bias[o] / biasScale[o]);
  }
  const add = (name: string, data: Constant, scales: Float32Array) => {
    constants.set(`${name}.q`, data);
    constants.set(`${name}.scale`, { type: 'float32', dims: [channels], data: scales });
    const type = data.type === 'int8' ? 'int8' : 'int32';
    const zero = type === 'int8' ? new Int8Array(channels) : new Int32Array(channels);
    constants.set(`${name}.zero`, { type, dims: [channels], data: zero });
    const inputs = [`${name}.q`, `${name}.scale`, `${name}.zero`];
    nodes.push({ op: 'DequantizeLinear', inputs, outputs: [`${name}.dq`], attributes: { axis: 0 } });
    return `${name}.dq`;
  };
  return [
    add(
      filterName,
      { type: 'int8', dims: [channels, inChannels + moreChannels, ...kernel], data: whole },
      scale,
    ),
    add(biasName, { type: 'int32', dims: [channels], data: offset }, biasScale),
  ];
}
