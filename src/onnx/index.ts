export { decodeOnnx, OnnxError } from './decode.js';
export { encodeOnnx, PRODUCER } from './encode.js';
export type { Constant, Graph, GraphNode, GraphValue } from './graph.js';
