import { loadTensorFlow, loadWebGpu, type TensorFlow, webGpuStatus } from '../tensorflow/index.js';
import type { TrainingEngine } from './names.js';

/** A loaded engine and what it is, in words. */
export interface LoadedEngine {
  readonly tf: TensorFlow;
  readonly description: string;
}

/**
 * Loads what computes: native TensorFlow or TensorFlow.js on WebGPU; where neither is asked for, TensorFlow if it is
 * installed, else WebGPU if that is.
 *
 * @throws {SiamtrackError} `TENSORFLOW_MISSING`, `TENSORFLOW_BROKEN`, `WEBGPU_MISSING`, `WEBGPU_BROKEN`, `WEBGPU_NO_ADAPTER`
 */
export async function loadTrainingEngine(engine?: TrainingEngine): Promise<LoadedEngine> {
  if (engine === 'webgpu') return onWebGpu();
  try {
    return { tf: await loadTensorFlow(), description: 'native TensorFlow' };
  } catch (error) {
    const isMissing = (error as { code?: string }).code === 'TENSORFLOW_MISSING';
    if (engine === undefined && isMissing && webGpuStatus().version !== undefined) return onWebGpu();
    throw error;
  }
}

async function onWebGpu(): Promise<LoadedEngine> {
  const { tf, adapter } = await loadWebGpu();
  const software = adapter.software ? ', a program on the processor and no GPU: slow' : '';
  return { tf, description: `WebGPU on ${adapter.description || adapter.vendor}${software}` };
}
