/** A few lines of protobuf: enough of ONNX's wire format to write the little graphs of tests. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

export type Field = Buffer;

/** A number field. */
export function int(field: number, value: number): Field {
  return Buffer.from([...varint(field * 8), ...varint(value)]);
}

/** A field of bytes, text or nested fields. */
export function bytes(field: number, value: string | Uint8Array | readonly Field[]): Field {
  const content = Array.isArray(value) ? Buffer.concat(value) : Buffer.from(value as Uint8Array);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
}

/** A float32 initializer. */
export function tensor(name: string, dims: readonly number[], values: Float32Array): Field {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytes(5, [...dims.map((d) => int(1, d)), int(2, 1), bytes(8, name), bytes(9, raw)]);
}

export function node(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, readonly number[]>> = {},
): Field {
  return bytes(1, [
    ...inputs.map((name) => bytes(1, name)),
    bytes(2, output),
    bytes(4, type),
    ...Object.entries(attributes).map(([name, ints]) =>
      bytes(5, [bytes(1, name), ...ints.map((k) => int(8, k)), int(20, 7)]),
    ),
  ]);
}

function value(field: number, name: string, dims: readonly (number | string)[]): Field {
  const shape = dims.map((d) => bytes(1, [typeof d === 'number' ? int(1, d) : bytes(2, d)]));
  return bytes(field, [bytes(1, name), bytes(2, [bytes(1, [int(1, 1), bytes(2, shape)])])]);
}

/** A whole model of float32 tensors; dimensions may be names. */
export function model(
  nodes: readonly Field[],
  initializers: readonly Field[],
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  outputs: Readonly<Record<string, readonly (number | string)[]>>,
): Buffer {
  const graph = [
    ...nodes,
    bytes(2, 'graph'),
    ...initializers,
    ...Object.entries(inputs).map(([name, dims]) => value(11, name, dims)),
    ...Object.entries(outputs).map(([name, dims]) => value(12, name, dims)),
  ];
  return Buffer.concat([int(1, 8), bytes(7, graph), bytes(8, [bytes(1, ''), int(2, 17)])]);
}
