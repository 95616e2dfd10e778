import { SiamtrackError } from '../common/index.js';
import {
  type Constant,
  ELEMENT,
  type ElementType,
  type Graph,
  type GraphNode,
  type GraphValue,
} from './graph.js';
import { FLOAT_ATTRIBUTE, INT_ATTRIBUTE, INTS_ATTRIBUTE, schema } from './schema.js';

/** A file that is not ONNX, or uses a part of ONNX that is not read here. Code `ONNX_INVALID`. */
export class OnnxError extends SiamtrackError {
  constructor(message: string, options?: ErrorOptions) {
    super('ONNX_INVALID', message, options);
  }
}

interface Decoded {
  readonly producerName: string;
  readonly graph?: {
    readonly name: string;
    readonly node: readonly {
      readonly opType: string;
      readonly input: readonly string[];
      readonly output: readonly string[];
      readonly attribute: readonly DecodedAttribute[];
    }[];
    readonly initializer: readonly DecodedTensor[];
    readonly input: readonly DecodedValue[];
    readonly output: readonly DecodedValue[];
  };
}

interface DecodedAttribute {
  readonly name: string;
  readonly type: number;
  readonly f: number;
  readonly i: number;
  readonly ints: readonly number[];
}

interface DecodedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
  readonly floatData: readonly number[];
  readonly int64Data: readonly number[];
}

interface DecodedValue {
  readonly name: string;
  readonly type?: {
    readonly tensorType?: {
      readonly shape?: { readonly dim: readonly { readonly dimValue: number; readonly dimParam: string }[] };
    };
  };
}

const modelType = schema.lookupType('Model');

const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: BigInt64Array,
} as const;

/**
 * Reads an ONNX file: nodes with their attributes (numbers and lists of integers; others are left out), constants, inputs
 * without the constants among them, and outputs.
 * @throws OnnxError
 */
export function decodeOnnx(bytes: Uint8Array): Graph {
  let decoded: Decoded;
  try {
    const options = { longs: Number, defaults: true, arrays: true } as const;
    decoded = modelType.toObject(modelType.decode(bytes), options) as Decoded;
  } catch (cause) {
    throw new OnnxError(`expected an ONNX file, got ${bytes.length} bytes that are none`, { cause });
  }
  const { graph, producerName } = decoded;
  if (!graph || graph.node.length === 0) throw new OnnxError('expected an ONNX graph with nodes, got none');
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, constantOf(tensor)]));
  return {
    name: graph.name,
    producer: producerName,
    nodes: graph.node.map(
      ({ opType, input, output, attribute }): GraphNode => ({
        op: opType,
        inputs: input,
        outputs: output,
        attributes: Object.fromEntries(attribute.flatMap(attributeOf)),
      }),
    ),
    constants,
    inputs: graph.input.filter(({ name }) => !constants.has(name)).map(graphValueOf),
    outputs: graph.output.map(graphValueOf),
  };
}

function attributeOf({ name, type, f, i, ints }: DecodedAttribute): [string, number | readonly number[]][] {
  if (type === FLOAT_ATTRIBUTE) return [[name, f]];
  if (type === INT_ATTRIBUTE) return [[name, i]];
  return type === INTS_ATTRIBUTE ? [[name, ints]] : [];
}

function graphValueOf({ name, type }: DecodedValue): GraphValue {
  const dims = type?.tensorType?.shape?.dim.map(({ dimValue, dimParam }) => dimParam || dimValue);
  return { name, dims };
}

function constantOf({ name, dims, dataType, rawData, floatData, int64Data }: DecodedTensor): Constant {
  const type = (Object.keys(ELEMENT) as ElementType[]).find((key) => ELEMENT[key] === dataType);
  if (!type) throw new OnnxError(`${name}: expected float32 or integers, got ONNX element type ${dataType}`);
  const count = dims.reduce((product, d) => product * d, 1);
  const data = dataOf(type, rawData, floatData, int64Data);
  if (data.length !== count) throw new OnnxError(`${name}: expected ${count} numbers, got ${data.length}`);
  return { type, dims, data };
}

function dataOf(
  type: ElementType,
  raw: Uint8Array,
  floats: readonly number[],
  integers: readonly number[],
): Constant['data'] {
  if (type === 'float32' && floats.length > 0) return Float32Array.from(floats);
  if (type === 'int64' && integers.length > 0) return BigInt64Array.from(integers, BigInt);
  const Type = ARRAYS[type];
  // Copied: the file's bytes lie anywhere, numbers want to be aligned. (A Buffer's slice is no copy.)
  return new Type(Uint8Array.from(raw).buffer, 0, Math.floor(raw.length / Type.BYTES_PER_ELEMENT));
}
