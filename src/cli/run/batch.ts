import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import {
  type BatchSummary,
  expandInputs,
  interruption,
  ModelPool,
  matchTargets,
  type RunBatchOptions,
  readTargetsFile,
  runBatch,
  writeSummary,
} from '../../batch/index.js';
import { InvalidArgumentError } from '../../common/index.js';
import type { EngineName } from '../../model/index.js';
import type { BatchCommandOptions } from '../batch.js';
import { ExitCode } from '../exit.js';
import { trackerOptionsOf } from '../tracking-option.js';
import { createBatchDisplay } from './batch-display.js';
import { loadChosenModel } from './chosen-model.js';
import { INTERRUPTED, watchInterrupts } from './interrupts.js';

/** Follows the targets of all videos, here or through a queue, and ends with what became of each. */
export async function batch(
  names: readonly string[],
  options: BatchCommandOptions,
  command: Command,
): Promise<void> {
  const { out, json } = options;
  checkHardware(options);
  const entries = await readTargetsFile(options.targets);
  const inputs = await expandInputs(names, out);
  const { targets, unused } = matchTargets(inputs, entries, options.targets);
  const jobs = options.jobs ?? availableParallelism();
  // With several jobs, a thread for each core is the default here.
  const threads =
    command.getOptionValueSource('threads') === 'default'
      ? Math.min(availableParallelism(), jobs, Math.max(1, inputs.length))
      : options.threads;
  const models = new ModelPool(({ name, ...wanted }) =>
    loadChosenModel({ ...options, ...wanted, threads, model: name }),
  );
  const display = await createBatchDisplay(inputs, json);
  const interrupt = watchInterrupts(interruption);
  try {
    if (unused.length > 0) {
      const shown = unused.slice(0, 3).map(({ video, line }) => `line ${line} (${video})`);
      const rest = unused.length > shown.length ? ` and ${unused.length - shown.length} more` : '';
      const message = `${options.targets}: no input for ${shown.join(', ')}${rest}`;
      display.event({ type: 'warning', message });
    }
    const common = {
      inputs,
      targets,
      models,
      out,
      formats: options.formats,
      video: options.video,
      tracking: trackerOptionsOf(options),
      fps: options.fps,
      checkpointFrames: options.checkpoint,
      reverseBytes: options.reverseBuffer * 2 ** 20,
      model: {
        name: options.model,
        weights: options.weights,
        precision: options.precision,
        engine: engineOf(options),
      },
      signal: interrupt.signal,
      onEvent: display.event.bind(display),
    } satisfies RunBatchOptions;
    const summary =
      options.redis === undefined
        ? await runBatch({ ...common, jobs, hardware: options.hardware })
        : await enqueue(options, common);
    await writeSummary(out, summary);
    display.end(summary);
    process.exitCode = exitCode(summary, interrupt.signal.aborted);
  } finally {
    display.stop();
    interrupt.stop();
    await models.dispose();
  }
}

async function enqueue(
  { redis, queue, retries, window }: Pick<BatchCommandOptions, 'redis' | 'queue' | 'retries' | 'window'>,
  common: RunBatchOptions,
): Promise<BatchSummary> {
  const { runRemoteBatch } = await import('../../batch/queue/index.js');
  return runRemoteBatch({ ...common, redis: redis as string, queue, retries, window });
}

/** 0 all outputs are there; 1 some are not, or break off with their input; 130 stopped. */
function exitCode({ counts }: BatchSummary, stopped: boolean): number {
  if (stopped) return INTERRUPTED;
  return counts.failed + counts.damaged + counts.interrupted > 0 ? ExitCode.failure : ExitCode.ok;
}

/** Said at once, and not by each video. */
function checkHardware({ hardware, redis }: Pick<BatchCommandOptions, 'hardware' | 'redis'>): void {
  if (hardware === undefined) return;
  if (redis !== undefined)
    throw new InvalidArgumentError('--hardware', 'it with `siamtrack worker`, which decodes', hardware);
  if (!/^\w+$/.test(hardware))
    throw new InvalidArgumentError('--hardware', 'the name of an ffmpeg -hwaccel', hardware);
}

/** What the engine options ask for together. */
function engineOf({
  engine = 'auto',
  provider,
}: Pick<BatchCommandOptions, 'engine' | 'provider'>): 'auto' | EngineName {
  return provider === 'cpu' ? engine : `onnx-${provider}`;
}
