import type { Constant, Graph, GraphNode } from '../../onnx/index.js';

/**
 * The graph with the convolutions by `filters` as one, if they read the same value in the same way: a runtime computes 16 output channels
 * at a time, so that one of 1 and one of 4 cost twice what one of 5 does.
 *
 * @param merged name of the one filter
 */
export function mergeConvolutions(graph: Graph, filters: ReadonlySet<string>, merged: string): Graph {
  const parts = graph.nodes.filter(({ op, inputs }) => op === 'Conv' && filters.has(inputs[1]));
  if (parts.length < 2 || parts.some((node) => !isAlike(node, parts[0]))) return graph;
  const constants = new Map(graph.constants);
  const take = (name: string) => {
    const constant = constants.get(name) as Constant;
    constants.delete(name);
    return constant;
  };
  const weights = parts.map(({ inputs }) => take(inputs[1]));
  const biases = parts.map(({ inputs }) => take(inputs[2]));
  const channels = weights.map(({ dims }) => dims[0]);
  const sum = channels.reduce((a, b) => a + b);
  const bias = `${merged}.bias`;
  constants.set(merged, {
    type: 'float32',
    dims: [sum, ...weights[0].dims.slice(1)],
    data: joined(weights),
  });
  constants.set(bias, { type: 'float32', dims: [sum], data: joined(biases) });
  const sizes = `${merged}.sizes`;
  constants.set(sizes, {
    type: 'int64',
    dims: [channels.length],
    data: BigInt64Array.from(channels, BigInt),
  });
  const whole = `${merged}.whole`;
  const one: GraphNode[] = [
    { ...parts[0], inputs: [parts[0].inputs[0], merged, bias], outputs: [whole] },
    {
      op: 'Split',
      inputs: [whole, sizes],
      outputs: parts.map(({ outputs }) => outputs[0]),
      attributes: { axis: 1 },
    },
  ];
  const nodes = graph.nodes.flatMap((node) => (node === parts[0] ? one : parts.includes(node) ? [] : [node]));
  return { ...graph, nodes, constants };
}

function isAlike(a: GraphNode, b: GraphNode): boolean {
  return a.inputs[0] === b.inputs[0] && JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}

function joined(parts: readonly Constant[]): Float32Array {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float32Array, at);
    at += part.data.length;
  }
  return data;
}
