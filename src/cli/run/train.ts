import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '../../common/index.js';
import {
  type Checkpoint,
  calibrationCrops,
  exportModel,
  fineTuneConfig,
  loadTrainingEngine,
  readCheckpoint,
  readTrainConfig,
  type TrainConfig,
  type TrainEvent,
  train,
  trainingWeightsOf,
} from '../../train/index.js';
import type { TrainCommandOptions } from '../train.js';
import { createProgress, type Progress } from './progress.js';

/** Trains as far as it is asked to, and writes the model folder. */
export async function trainModel(options: TrainCommandOptions): Promise<void> {
  const { config, start } = await recipe(options);
  if (!options.exportOnly) await runTraining(config, start, options);
  const [file] = ['best', 'last'].map((n) => join(config.output, `${n}.ckpt`)).filter((f) => existsSync(f));
  if (file === undefined) {
    throw new InvalidArgumentError('--export-only', `a checkpoint in ${config.output}`, 'none');
  }
  const folder = join(config.output, 'model');
  const details = { name: config.name, version: '1', ...config.model };
  await exportModel(await readCheckpoint(file), folder, details, await calibrationCrops(config));
  process.stdout.write(`${folder}\n`);
}

async function recipe(options: TrainCommandOptions): Promise<{ config: TrainConfig; start?: Checkpoint }> {
  const { config, from, clips } = options;
  if (config !== undefined) {
    if (clips !== undefined) throw new InvalidArgumentError('--clips', 'none beside --config', clips);
    const start = from === undefined ? undefined : (await trainingWeightsOf(from)).start;
    return { config: await readTrainConfig(config), start };
  }
  if (from === undefined || clips === undefined) {
    throw new InvalidArgumentError('train', '--config, or --from with --clips', from ?? clips ?? 'neither');
  }
  return fineTuneConfig({
    from,
    clips,
    clipsOneBased: !options.zeroBased,
    output: options.out ?? 'siamtrack-train',
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  });
}

async function runTraining(
  config: TrainConfig,
  start: Checkpoint | undefined,
  { stopAfter, engine }: TrainCommandOptions,
): Promise<void> {
  const { tf, description } = await loadTrainingEngine(engine ?? config.engine);
  process.stderr.write(`training with ${description}\n`);
  const stopping = new AbortController();
  // The first signal ends the run after its step, with a checkpoint; a second one ends it at once.
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const bar = createProgress('training', config.optimiser.steps, 'steps');
  let reading: { readonly bar: Progress; readonly total: number } | undefined;
  const onEvent = ({ kind, step, total, values }: TrainEvent) => {
    if (kind === 'decode') {
      // First the masks, where there are any, then the pictures.
      if (reading?.total !== total) {
        reading?.bar.stop();
        reading = { bar: createProgress('reading', total, 'pictures'), total };
      }
      reading.bar.update(step);
      return;
    }
    reading?.bar.stop();
    const shown = kind === 'step' ? { loss: values.total, 'pairs/s': values.pairsPerSecond } : values;
    const text = Object.entries(shown)
      .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
      .join('  ');
    bar.update(step, text);
    if (!process.stderr.isTTY) process.stderr.write(`${kind} ${step}/${config.optimiser.steps}  ${text}\n`);
  };
  try {
    await train(tf, config, {
      onEvent,
      signal: stopping.signal,
      ...(stopAfter === undefined ? {} : { stopAfter }),
      start,
    });
  } finally {
    reading?.bar.stop();
    bar.stop();
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}
