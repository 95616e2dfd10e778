export { type Constant, encodeOnnx, type Graph, type GraphNode, type GraphValue } from './proto.js';
