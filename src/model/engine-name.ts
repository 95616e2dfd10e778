/**
 * `onnx` is ONNX Runtime on the processor, `onnx-PROVIDER` one of its other execution providers, `tensorflow` the
 * native TensorFlow that is installed, on a GPU where it has one.
 */
export type EngineName = 'onnx' | `onnx-${string}` | 'tensorflow';

/** Engines that can be asked for by name; which of them a machine has is another question. */
export const ENGINE_NAMES = [
  'onnx',
  'onnx-cuda',
  'onnx-tensorrt',
  'onnx-webgpu',
  'onnx-coreml',
  'onnx-dml',
  'tensorflow',
] as const satisfies readonly EngineName[];

/** ONNX Runtime's name of the execution provider, undefined for TensorFlow. */
export function providerOf(engine: EngineName): string | undefined {
  if (engine === 'tensorflow') return undefined;
  return engine === 'onnx' ? 'cpu' : engine.slice('onnx-'.length);
}

/** Whether it asks for an NVIDIA GPU. */
export function isNvidia(engine: EngineName): boolean {
  return engine === 'onnx-cuda' || engine === 'onnx-tensorrt';
}

/** The engine that runs on one of ONNX Runtime's execution providers. */
export function engineOfProvider(provider: string): EngineName {
  return provider === 'cpu' ? 'onnx' : `onnx-${provider}`;
}
