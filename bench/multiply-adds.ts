import type { Graph } from '../src/onnx/index.js';

type Shape = readonly number[];

/** Multiply-adds of one search region through the encoder and the head, with a template of so many pixels. */
export function multiplyAddsOf(
  encoder: Graph,
  head: Graph | undefined,
  search: number,
  template: number,
  stride: number,
): number {
  const embedding = count(encoder, { [encoder.inputs[0].name]: [1, 3, search, search] });
  if (!head) return embedding.total;
  const [[, channels, side]] = Object.values(embedding.outputs);
  const inputs: Record<string, Shape> = {};
  for (const { name, dims } of head.inputs) {
    const fixed = dims?.[3];
    const cells =
      typeof fixed === 'number' && fixed > 0
        ? fixed
        : name.includes('template')
          ? Math.ceil(template / stride)
          : side;
    inputs[name] = [1, channels, cells, cells];
  }
  return embedding.total + count(head, inputs).total;
}

/** Follows the shapes through a graph of the operations our exporter writes. */
function count(graph: Graph, inputs: Readonly<Record<string, Shape>>) {
  const shapes = new Map<string, Shape>(Object.entries(inputs));
  for (const [name, { dims }] of graph.constants) shapes.set(name, dims);
  const of = (name: string) => shapes.get(name) ?? [];
  let total = 0;
  for (const { op, inputs: names, outputs, attributes = {} } of graph.nodes) {
    let shape = of(names[0]);
    if (op === 'Conv') {
      const [out, perGroup, kh, kw] = of(names[1]);
      const { strides = [1, 1], pads = [0, 0, 0, 0] } = attributes as Record<string, readonly number[]>;
      const h = Math.floor((shape[2] + pads[0] + pads[2] - kh) / strides[0]) + 1;
      const w = Math.floor((shape[3] + pads[1] + pads[3] - kw) / strides[1]) + 1;
      shape = [shape[0], out, h, w];
      total += h * w * out * perGroup * kh * kw;
    } else if (op === 'MatMul') {
      const right = of(names[1]);
      total += shape.reduce((a, b) => a * b, 1) * right[right.length - 1];
      shape = [...shape.slice(0, -1), right[right.length - 1]];
    } else if (op === 'Transpose') {
      const from = shape;
      shape = (attributes.perm as readonly number[]).map((axis) => from[axis]);
    } else if (op === 'Concat') {
      const axis = attributes.axis as number;
      const joined = names.reduce((sum, name) => sum + of(name)[axis], 0);
      shape = shape.map((d, k) => (k === axis ? joined : d));
    } else if (op === 'Reshape') {
      const from = shape;
      const wanted = Array.from(graph.constants.get(names[1])?.data ?? [], Number).map(
        (d, k) => d || from[k],
      );
      const known = wanted.filter((d) => d > 0).reduce((a, b) => a * b, 1);
      const all = from.reduce((a, b) => a * b, 1);
      shape = wanted.map((d) => (d < 0 ? all / known : d));
    }
    shapes.set(outputs[0], shape);
  }
  return { total, outputs: Object.fromEntries(graph.outputs.map(({ name }) => [name, of(name)])) };
}
