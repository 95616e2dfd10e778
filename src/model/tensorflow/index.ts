export { TensorFlowEngine } from './tensorflow-engine.js';
