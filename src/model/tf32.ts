import { type EngineName, isNvidia } from './engine-name.js';

/**
 * Has NVIDIA's libraries compute float32 as float32, so that a crop has the numbers it has everywhere. Left alone
 * they round to TF32, 10 bits of mantissa. onnxruntime-node passes no options on to the providers, hence a variable of
 * the environment, which is left alone where it is set. The libraries read the process's, which only the main thread
 * can set, before they are loaded.
 */
export function refuseTf32(engine: EngineName, env: NodeJS.ProcessEnv = process.env): void {
  if (isNvidia(engine)) env.NVIDIA_TF32_OVERRIDE ??= '0';
}
