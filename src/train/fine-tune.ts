import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SiamtrackError } from '../common/index.js';
import { findManifest } from '../model/index.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { configSchema, type TrainConfig } from './config.js';
import { shapeOf, TRAINING_FILE } from './export.js';

/** Where to start, on what, for how long. */
export interface FineTuneOptions {
  /** A model folder or a shipped model's name. */
  readonly from: string;
  /** Folder of clips in OTB layout, or of masks in the layout of DAVIS. */
  readonly clips: string;
  readonly clipsOneBased?: boolean;
  readonly output: string;
  readonly steps?: number;
  readonly learningRate?: number;
  readonly seed?: number;
}

/** A model without the weights as they were trained. Code `TRAIN_NO_WEIGHTS`. */
export class NoTrainingWeightsError extends SiamtrackError {}

/**
 * A model's weights as they were trained, to go on from.
 * @param model a model folder or a shipped model's name
 * @throws NoTrainingWeightsError where the model came without them
 */
export async function trainingWeightsOf(model: string): Promise<{ folder: string; start: Checkpoint }> {
  const folder = dirname(await findManifest(model));
  const file = join(folder, TRAINING_FILE);
  if (existsSync(file)) return { folder, start: await readCheckpoint(file) };
  throw new NoTrainingWeightsError(
    'TRAIN_NO_WEIGHTS',
    `${folder}: expected ${TRAINING_FILE}, the weights to go on from, and got a model without it`,
  );
}

/**
 * The recipe for a few minutes on a user's own clips: low rate, batch norm frozen at the model's statistics, and the
 * model itself as teacher, so that what it knew is kept while the labels of the clips are learnt.
 */
export async function fineTuneConfig(
  options: FineTuneOptions,
): Promise<{ config: TrainConfig; start: Checkpoint }> {
  const { folder, start } = await trainingWeightsOf(options.from);
  const { spec, input } = shapeOf(start);
  const steps = options.steps ?? 600;
  const plain = spec.head === 'response';
  const config = configSchema.parse({
    name: `fine-tuned from ${String(start.header.name)}`,
    seed: options.seed ?? 1,
    output: options.output,
    cache: join(options.output, 'cache'),
    data: { clips: [options.clips], clipsOneBased: options.clipsOneBased ?? true, validation: 0 },
    network: spec,
    input,
    freezeNorm: true,
    // A teacher needs a box head.
    ...(plain
      ? { losses: { score: 0, negative: 0, box: 0, teacherScore: 0, teacherBox: 0, response: 1 } }
      : {
          teacher: { model: folder, standardise: false },
          losses: { feature: 0.5, teacherScore: 0.5, teacherBox: 0 },
        }),
    optimiser: {
      batch: 8,
      steps,
      learningRate: options.learningRate ?? 2e-4,
      warmUp: Math.min(50, Math.floor(steps / 10)),
      weightDecay: 0,
      average: 0.98,
    },
    every: { log: 10, checkpoint: 100, validate: 100 },
  });
  return { config, start };
}
