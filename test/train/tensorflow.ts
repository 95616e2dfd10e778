import { describe } from 'vitest';
import { loadTensorFlow, type TensorFlow } from '../../src/tensorflow/index.js';

/** Native TensorFlow where it is installed; without it the suites that need it are skipped, and say so. */
export const tf: TensorFlow | undefined = await loadTensorFlow().catch((error: { code?: string }) => {
  if (error.code !== 'TENSORFLOW_MISSING') throw error;
  return undefined;
});

/** A suite on native TensorFlow (`siamtrack engine install tensorflow`). */
export function describeTensorFlow(name: string, suite: (tf: TensorFlow) => void): void {
  if (tf) describe(name, () => suite(tf));
  else describe.skip(`${name} (native TensorFlow is not installed)`, () => undefined);
}
