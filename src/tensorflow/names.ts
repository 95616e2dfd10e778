/** The TensorFlow that is installed where no other is asked for; docs/training-engine.md says why this one. */
export const DEFAULT_VERSION = '2.21.0';
