import type { EngineName } from './engine-name.js';
import type { ModelManifest, Precision } from './manifest.js';

/** Absolute paths of the weights to load. */
export interface ModelPaths {
  readonly encoder: string;
  readonly head: string | undefined;
}

/** All that a thread needs to know to make an engine. */
export interface EngineSetup {
  readonly engine: EngineName;
  readonly manifest: ModelManifest;
  readonly paths: ModelPaths;
  readonly precision: Precision;
  /** Threads inside one call. */
  readonly threads: number;
}
