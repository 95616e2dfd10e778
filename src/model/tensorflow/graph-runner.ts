import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { SiamtrackError } from '../../common/index.js';
import { type Constant, type Graph, type GraphNode, OnnxError } from '../../onnx/index.js';
import type { TensorFlow } from '../../tensorflow/index.js';

/**
 * A value of the graph. ONNX has images as [n, c, h, w], TensorFlow computes them fastest as [n, h, w, c]: `nhwc` says that the
 * tensor lies that way, until somebody needs the other.
 */
interface Value {
  readonly tensor: Tensor;
  readonly nhwc: boolean;
}

interface Native {
  readonly binding: Readonly<Record<'TF_FLOAT' | 'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_STRING', number>>;
  executeMultipleOutputs(name: string, attributes: object[], inputs: Tensor[], outputs: number): Tensor[];
}

type Operation = (node: GraphNode, values: ReadonlyMap<string, Value>) => Value;

/**
 * Runs a float32 ONNX graph with TensorFlow's own kernels. It knows the operations that our exporter writes and their
 * likes; a graph with any other is refused when it is made.
 */
export class GraphRunner {
  readonly #tf: TensorFlow;
  readonly #native: Native;
  readonly #graph: Graph;
  /** Constants that go into kernels as they are: images' filters as [h, w, in, out]. */
  readonly #constants = new Map<string, Tensor>();
  readonly #operations: Readonly<Record<string, Operation>>;
  /** Nodes that shapes are made of, by their outputs: they are worked out where they are needed. */
  readonly #shapes: ReadonlyMap<string, GraphNode>;

  /** @throws OnnxError for an operation or a type of constant that it does not know */
  constructor(tf: TensorFlow, graph: Graph) {
    this.#tf = tf;
    this.#native = tf.backend() as object as Native;
    this.#graph = graph;
    this.#operations = this.#makeOperations();
    this.#shapes = shapeNodes(graph);
    for (const { op, outputs } of graph.nodes) {
      if (this.#shapes.has(outputs[0]) || Object.hasOwn(this.#operations, op)) continue;
      const known = ['Shape', ...Object.keys(this.#operations)].join(', ');
      throw new OnnxError(`${graph.name}: the TensorFlow engine expects ${known}, got ${op}`);
    }
    const filters = new Set(graph.nodes.filter(({ op }) => op === 'Conv').map(({ inputs }) => inputs[1]));
    for (const [name, constant] of graph.constants)
      if (constant.type === 'float32') this.#constants.set(name, this.#load(constant, filters.has(name)));
      else if (constant.type !== 'int64')
        throw new OnnxError(`${graph.name}: the TensorFlow engine expects float32, got ${constant.type}`);
  }

  /**
   * Runs the graph. Must be called inside `tf.tidy`.
   * @param inputs by name, as ONNX has them: [n, c, h, w]
   * @returns the outputs by name, the same way
   */
  run(inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const values = new Map<string, Value>();
    for (const [name, tensor] of Object.entries(inputs)) values.set(name, { tensor, nhwc: false });
    for (const [name, tensor] of this.#constants) values.set(name, { tensor, nhwc: false });
    for (const node of this.#graph.nodes)
      if (!this.#shapes.has(node.outputs[0]))
        values.set(node.outputs[0], this.#operations[node.op](node, values));
    return Object.fromEntries(
      this.#graph.outputs.map(({ name }) => [name, this.#planar(this.#get(values, name))]),
    );
  }

  dispose(): void {
    for (const tensor of this.#constants.values()) tensor.dispose();
  }

  #load({ data, dims }: Constant, filter: boolean): Tensor {
    const tensor = this.#tf.tensor(data as Float32Array, [...dims], 'float32');
    if (!filter || dims.length !== 4) return tensor;
    const turned = this.#tf.transpose(tensor, [2, 3, 1, 0]);
    tensor.dispose();
    return turned;
  }

  #get(values: ReadonlyMap<string, Value>, name: string): Value {
    const value = values.get(name);
    if (!value) throw new OnnxError(`${this.#graph.name}: expected a value ${name}, got none`);
    return value;
  }

  #planar({ tensor, nhwc }: Value): Tensor {
    return nhwc ? this.#tf.transpose(tensor, [0, 3, 1, 2]) : tensor;
  }

  #image({ tensor, nhwc }: Value): Tensor4D {
    return (nhwc ? tensor : this.#tf.transpose(tensor, [0, 2, 3, 1])) as Tensor4D;
  }

  #makeOperations(): Readonly<Record<string, Operation>> {
    const tf = this.#tf;
    const unary =
      (compute: (x: Tensor) => Tensor): Operation =>
      ({ inputs }, values) => {
        const { tensor, nhwc } = this.#get(values, inputs[0]);
        return { tensor: compute(tensor), nhwc };
      };
    /** Of two values laid out alike, or of one and a single number. */
    const binary =
      (compute: (a: Tensor, b: Tensor) => Tensor): Operation =>
      ({ inputs }, values) => {
        const [a, b] = inputs.map((name) => this.#get(values, name));
        const nhwc = a.nhwc || b.nhwc;
        const lay = (value: Value) =>
          nhwc && value.tensor.rank === 4 ? this.#image(value) : this.#planar(value);
        return { tensor: compute(lay(a), lay(b)), nhwc };
      };
    return {
      Conv: (node, values) => this.#conv(node, values),
      Relu: unary((x) => tf.relu(x)),
      Exp: unary((x) => tf.exp(x)),
      Abs: unary((x) => tf.abs(x)),
      Sigmoid: unary((x) => tf.sigmoid(x)),
      Add: binary((a, b) => tf.add(a, b)),
      Sub: binary((a, b) => tf.sub(a, b)),
      Mul: binary((a, b) => tf.mul(a, b)),
      Clip: (node, values) => this.#clip(node, values),
      Concat: ({ inputs, attributes = {} }, values) => {
        const parts = inputs.map((name) => this.#planar(this.#get(values, name)));
        return { tensor: tf.concat(parts, attributes.axis as number), nhwc: false };
      },
      MatMul: ({ inputs }, values) => {
        const [a, b] = inputs.map((name) => this.#planar(this.#get(values, name)));
        return { tensor: tf.matMul(a, b), nhwc: false };
      },
      Transpose: ({ inputs, attributes = {} }, values) => {
        const x = this.#planar(this.#get(values, inputs[0]));
        return { tensor: tf.transpose(x, [...(attributes.perm as readonly number[])]), nhwc: false };
      },
      Reshape: ({ inputs }, values) => {
        const x = this.#planar(this.#get(values, inputs[0]));
        const dims = this.#shape(inputs[1], values);
        // In ONNX 0 keeps the dimension of that place.
        return {
          tensor: tf.reshape(
            x,
            dims.map((d, k) => (d === 0 ? x.shape[k] : d)),
          ),
          nhwc: false,
        };
      },
    };
  }

  /** A shape: a constant, or made of other values' shapes. */
  #shape(name: string, values: ReadonlyMap<string, Value>): number[] {
    const constant = this.#graph.constants.get(name);
    if (constant?.type === 'int64') return Array.from(constant.data, Number);
    const node = this.#shapes.get(name);
    if (!node) throw new OnnxError(`${this.#graph.name}: expected a shape ${name}, got none`);
    const { op, inputs, attributes = {} } = node;
    if (op === 'Concat') return inputs.flatMap((input) => this.#shape(input, values));
    const { tensor, nhwc } = this.#get(values, inputs[0]);
    const [n, h, w, c] = tensor.shape;
    const dims = nhwc ? [n, c, h, w] : tensor.shape;
    return dims.slice(attributes.start as number | undefined, attributes.end as number | undefined);
  }

  #conv({ inputs, attributes = {} }: GraphNode, values: ReadonlyMap<string, Value>): Value {
    const { group = 1, strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1] } = attributes;
    if (group !== 1)
      throw new OnnxError(`${this.#graph.name}: the TensorFlow engine expects Conv of group 1, got ${group}`);
    const [name, filterName, biasName] = inputs;
    const filter = this.#constants.get(filterName);
    if (!filter) throw new OnnxError(`${this.#graph.name}: expected Conv with a constant filter`);
    const x = this.#image(this.#get(values, name));
    const { binding: b } = this.#native;
    const [top, left, bottom, right] = pads as readonly number[];
    const ints = (key: string, value: readonly number[]) => ({ name: key, type: b.TF_ATTR_INT, value });
    const attrs = [
      { name: 'T', type: b.TF_ATTR_TYPE, value: b.TF_FLOAT },
      ints('strides', [1, ...(strides as readonly number[]), 1]),
      ints('dilations', [1, ...(dilations as readonly number[]), 1]),
      { name: 'padding', type: b.TF_ATTR_STRING, value: 'EXPLICIT' },
      ints('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0]),
      { name: 'data_format', type: b.TF_ATTR_STRING, value: 'NHWC' },
    ];
    const [y] = this.#native.executeMultipleOutputs('Conv2D', attrs, [x, filter], 1);
    const bias = biasName ? this.#get(values, biasName).tensor : undefined;
    return { tensor: bias ? this.#tf.add(y, bias) : y, nhwc: true };
  }

  #clip({ inputs, attributes = {} }: GraphNode, values: ReadonlyMap<string, Value>): Value {
    const { tensor, nhwc } = this.#get(values, inputs[0]);
    const bound = (name: string | undefined, attribute: unknown, otherwise: number) => {
      const constant = name ? this.#graph.constants.get(name) : undefined;
      return Number(constant?.data[0] ?? attribute ?? otherwise);
    };
    const low = bound(inputs[1], attributes.min, -Number.MAX_VALUE);
    const high = bound(inputs[2], attributes.max, Number.MAX_VALUE);
    return { tensor: this.#tf.clipByValue(tensor, low, high), nhwc };
  }
}

/** Nodes whose output is a shape: `Shape` and its `Concat` behind the second input of a Reshape. */
function shapeNodes({ nodes }: Graph): Map<string, GraphNode> {
  const byOutput = new Map(nodes.map((node) => [node.outputs[0], node]));
  const found = new Map<string, GraphNode>();
  const follow = (name: string): void => {
    const node = byOutput.get(name);
    if ((node?.op !== 'Shape' && node?.op !== 'Concat') || found.has(name)) return;
    found.set(name, node);
    if (node.op === 'Concat') for (const input of node.inputs) follow(input);
  };
  for (const { op, inputs } of nodes) if (op === 'Reshape') follow(inputs[1]);
  return found;
}

/** What TensorFlow throws, as an engine's failure. */
export function asEngineError(cause: unknown): SiamtrackError {
  if (cause instanceof SiamtrackError) return cause;
  return new SiamtrackError('ENGINE_FAILED', `TensorFlow: ${(cause as Error).message}`, { cause });
}
