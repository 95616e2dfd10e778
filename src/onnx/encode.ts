import protobuf from 'protobufjs/light.js';

/** The part of ONNX's schema that a feed-forward graph needs; field numbers as in onnx.proto, IR version 8. */
const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: { id: 1, type: 'int64' },
        producerName: { id: 2, type: 'string' },
        graph: { id: 7, type: 'Graph' },
        opsetImport: { id: 8, type: 'OperatorSet', rule: 'repeated' },
      },
    },
    OperatorSet: { fields: { domain: { id: 1, type: 'string' }, version: { id: 2, type: 'int64' } } },
    Graph: {
      fields: {
        node: { id: 1, type: 'Node', rule: 'repeated' },
        name: { id: 2, type: 'string' },
        initializer: { id: 5, type: 'Tensor', rule: 'repeated' },
        input: { id: 11, type: 'ValueInfo', rule: 'repeated' },
        output: { id: 12, type: 'ValueInfo', rule: 'repeated' },
      },
    },
    Node: {
      fields: {
        input: { id: 1, type: 'string', rule: 'repeated' },
        output: { id: 2, type: 'string', rule: 'repeated' },
        name: { id: 3, type: 'string' },
        opType: { id: 4, type: 'string' },
        attribute: { id: 5, type: 'Attribute', rule: 'repeated' },
      },
    },
    Attribute: {
      fields: {
        name: { id: 1, type: 'string' },
        i: { id: 3, type: 'int64' },
        ints: { id: 8, type: 'int64', rule: 'repeated', options: { packed: false } },
        type: { id: 20, type: 'int32' },
      },
    },
    Tensor: {
      fields: {
        dims: { id: 1, type: 'int64', rule: 'repeated', options: { packed: false } },
        dataType: { id: 2, type: 'int32' },
        name: { id: 8, type: 'string' },
        rawData: { id: 9, type: 'bytes' },
      },
    },
    ValueInfo: { fields: { name: { id: 1, type: 'string' }, type: { id: 2, type: 'Type' } } },
    Type: { fields: { tensorType: { id: 1, type: 'TensorType' } } },
    TensorType: { fields: { elemType: { id: 1, type: 'int32' }, shape: { id: 2, type: 'Shape' } } },
    Shape: { fields: { dim: { id: 1, type: 'Dimension', rule: 'repeated' } } },
    Dimension: { fields: { dimValue: { id: 1, type: 'int64' }, dimParam: { id: 2, type: 'string' } } },
  },
});
const modelType = schema.lookupType('Model');

const INT_ATTRIBUTE = 2;
const INTS_ATTRIBUTE = 7;

/** ONNX element types used here. */
const ELEMENT = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
type ElementType = keyof typeof ELEMENT;

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** A constant of a graph. */
export interface Constant {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

/** An input or output: a number is a fixed dimension, a name a free one; without `dims` the runtime finds out. */
export interface GraphValue {
  readonly name: string;
  readonly dims?: readonly (number | string)[];
}

/** A graph whose inputs and outputs are float32. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Constant>;
}

/** Encodes a graph as an ONNX file (IR version 8, operator set 17). */
export function encodeOnnx(graph: Graph): Uint8Array {
  const value = ({ name, dims }: GraphValue) => ({
    name,
    type: {
      tensorType: {
        elemType: ELEMENT.float32,
        shape: dims && { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
      },
    },
  });
  return modelType
    .encode({
      irVersion: 8,
      producerName: 'siamtrack',
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name: graph.name,
        node: graph.nodes.map((n) => ({
          name: n.outputs[0],
          opType: n.op,
          input: n.inputs,
          output: n.outputs,
          attribute: Object.entries(n.attributes ?? {}).map(([name, v]) =>
            typeof v === 'number'
              ? { name, type: INT_ATTRIBUTE, i: v }
              : { name, type: INTS_ATTRIBUTE, ints: v },
          ),
        })),
        initializer: [...graph.constants].map(([name, c]) => ({
          name,
          dims: c.dims,
          dataType: ELEMENT[c.type],
          rawData: new Uint8Array(c.data.buffer, c.data.byteOffset, c.data.byteLength),
        })),
        input: graph.inputs.map(value),
        output: graph.outputs.map(value),
      },
    })
    .finish();
}
