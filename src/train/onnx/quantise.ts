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
const WEIGHT_LIMIT = 63;

/** Whether a node computes in 8 bits: convolutions and additions do, but for convolutions by a filter of `inFloat`. */
function isQuantised(node: GraphNode, inFloat: ReadonlySet<string>): boolean {
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
 */
export function quantise(
  graph: Graph,
  ranges: ReadonlyMap<string, Range>,
  inFloat: ReadonlySet<string> = new Set(),
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

  for (const { name } of graph.inputs) if (values.has(name)) pair(name, name, read(name));
  for (const node of graph.nodes) {
    const inputs =
      node.op === 'Conv' && isQuantised(node, inFloat)
        ? [
            read(node.inputs[0]),
            ...quantiseFilter(graph, node, scales.get(node.inputs[0]) as number, constants, nodes),
          ]
        : node.inputs.map((input) => {
            const constant = graph.constants.get(input);
            if (constant) constants.set(input, constant);
            return read(input);
          });
    const [output] = node.outputs;
    const isOutput = values.has(output) && outputs.has(output);
    nodes.push({ ...node, inputs, outputs: [isOutput ? `${output}.float` : output] });
    if (values.has(output))
      pair(output, isOutput ? `${output}.float` : output, isOutput ? output : `${output}.dq`);
  }
  return { ...graph, nodes, constants };
}

/** Adds a convolution's quantised filter and bias; returns the names its node reads. */
function quantiseFilter(
  graph: Graph,
  node: GraphNode,
  inputScale: number,
  constants: Map<string, Constant>,
  nodes: GraphNode[],
): string[] {
  const [, filterName, biasName] = node.inputs;
  const filter = graph.constants.get(filterName) as Constant;
  const bias = (graph.constants.get(biasName) as Constant).data as Float32Array;
  const values = filter.data as Float32Array;
  const [channels] = filter.dims;
  const each = values.length / channels;
  const scale = new Float32Array(channels);
  const whole = new Int8Array(values.length);
  const offset = new Int32Array(channels);
  const biasScale = new Float32Array(channels);
  for (let o = 0; o < channels; o++) {
    let largest = 1e-8;
    for (let i = 0; i < each; i++) largest = Math.max(largest, Math.abs(values[o * each + i]));
    scale[o] = largest / WEIGHT_LIMIT;
    for (let i = 0; i < each; i++) whole[o * each + i] = Math.round(values[o * each + i] / scale[o]);
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
    add(filterName, { type: 'int8', dims: filter.dims, data: whole }, scale),
    add(biasName, { type: 'int32', dims: [channels], data: offset }, biasScale),
  ];
}
