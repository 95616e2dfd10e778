import { listSupportedBackends } from 'onnxruntime-node';
import { tensorflowStatus } from '../../tensorflow/index.js';
import { type EngineName, engineOfProvider, isNvidia } from '../engine-name.js';
import type { Precision } from '../manifest.js';
import type { Machine } from './machine.js';

/** An engine with the weights it would run. */
export interface Candidate {
  readonly engine: EngineName;
  readonly precision: Precision;
}

/** Engines that this installation could run, whether or not the machine has what they need. */
export function installedEngines(): EngineName[] {
  const providers = listSupportedBackends().map(({ name }) => engineOfProvider(name));
  return tensorflowStatus().engines.length > 0 ? [...providers, 'tensorflow'] : providers;
}

/**
 * What `auto` times: ONNX Runtime on the processor with each precision, and with float32 what could use a GPU, where
 * there is one. 8-bit kernels are the processor's; TensorFlow on it is slower than ONNX Runtime (docs/engines).
 */
export function candidatesFor(
  engine: 'auto' | EngineName,
  precisions: readonly Precision[],
  machine: Machine,
): Candidate[] {
  const all = (name: EngineName) => precisions.map((precision) => ({ engine: name, precision }));
  if (engine === 'onnx') return all('onnx');
  if (engine !== 'auto') return [{ engine, precision: onlyFloat(precisions) }];
  if (machine.gpus.length === 0 || !precisions.includes('float32')) return all('onnx');
  const gpuEngines = installedEngines().filter((name) => {
    if (name === 'onnx') return false;
    if (name === 'tensorflow') return tensorflowStatus().engines[0]?.variant === 'gpu';
    return !isNvidia(name) || machine.gpus.some((gpu) => /nvidia|geforce|tesla|quadro|rtx/i.test(gpu));
  });
  return [...all('onnx'), ...gpuEngines.map((name) => ({ engine: name, precision: 'float32' as const }))];
}

function onlyFloat(precisions: readonly Precision[]): Precision {
  return precisions.includes('float32') ? 'float32' : precisions[0];
}
