import { InvalidArgumentError } from '../common/index.js';
import type { Model } from '../model/index.js';
import { type StoredMemory, TargetMemory } from './memory.js';
import { loadScene, type StoredScene, storeScene } from './scene.js';
import { loadEmbedding, type StoredEmbedding, storeEmbedding } from './snapshot.js';
import type { Target } from './target.js';

/** All a tracker knows, as plain JSON: `Tracker.restore` goes on from it exactly as the tracker itself would. */
export interface TrackerSnapshot extends Omit<Target, 'template' | 'looks' | 'memory' | 'scene'> {
  readonly version: 9;
  /** Name and version of the model it belongs to. */
  readonly model: string;
  readonly template: StoredEmbedding;
  readonly looks: readonly StoredEmbedding[];
  readonly memory?: StoredMemory;
  readonly scene?: StoredScene;
}

export function storeTarget(model: Model, target: Target): TrackerSnapshot {
  const { template, looks, memory, scene, ...rest } = target;
  return {
    version: 9,
    model: identity(model),
    template: storeEmbedding(template),
    looks: looks.map(storeEmbedding),
    ...(memory && { memory: memory.store() }),
    ...(scene && { scene: storeScene(scene) }),
    ...rest,
  };
}

/** @throws InvalidArgumentError for a snapshot of another model or of another version of this program */
export function loadTarget(model: Model, snapshot: TrackerSnapshot): Target {
  const { version, model: name, template, looks, memory, scene, ...rest } = snapshot;
  if (version !== 9) throw new InvalidArgumentError('snapshot', 'version 9', version);
  if (name !== identity(model)) throw new InvalidArgumentError('snapshot', `one of ${identity(model)}`, name);
  return {
    ...rest,
    template: loadEmbedding(template),
    looks: looks.map(loadEmbedding),
    memory: memory && TargetMemory.load(memory),
    ...(scene && { scene: loadScene(scene) }),
  };
}

function identity({ manifest }: Model): string {
  return `${manifest.name} ${manifest.version}`;
}
