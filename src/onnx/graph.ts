/** ONNX element types used here. */
export const ELEMENT = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof ELEMENT;

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
  /** Default float32. */
  readonly type?: ElementType;
  readonly dims?: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  /** What wrote the file that the graph was read from, as the file says. */
  readonly producer?: string;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Constant>;
}
