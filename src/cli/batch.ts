import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import {
  type BatchSummary,
  expandInputs,
  ModelPool,
  matchTargets,
  type RunBatchOptions,
  readTargetsFile,
  runBatch,
  writeSummary,
} from '../batch/index.js';
import { InvalidArgumentError } from '../common/index.js';
import { RESULT_FORMATS, type ResultFormat } from '../formats/index.js';
import type { EngineName } from '../model/index.js';
import { createBatchDisplay } from './batch-display.js';
import { addExamples } from './examples.js';
import { ExitCode } from './exit.js';
import { INTERRUPTED, watchInterrupts } from './interrupts.js';
import { addModelOptions, count, HARDWARE_HELP, loadChosenModel, type ModelOptions } from './model-option.js';

interface BatchCommandOptions extends ModelOptions {
  readonly targets: string;
  readonly out: string;
  readonly formats: readonly ResultFormat[];
  readonly video: boolean;
  readonly jobs?: number;
  readonly fps: number;
  readonly checkpoint: number;
  readonly reverseBuffer: number;
  readonly hardware?: string;
  readonly json: boolean;
  readonly redis?: string;
  readonly queue: string;
  readonly retries: number;
  readonly window: number;
}

/** `siamtrack batch INPUT...`: follows targets through many videos, here or on many machines. */
export function registerBatch(program: Command): void {
  const command = program
    .command('batch')
    .description('follow targets through many videos; can be stopped, killed and run again')
    .argument('<inputs...>', 'video files, folders of videos or stills, globs, http(s) addresses')
    .requiredOption('-t, --targets <file>', 'which targets start where: CSV, JSON or YAML; see docs/batch.md')
    .option('-o, --out <folder>', 'where results go', 'results')
    .option(
      '-f, --formats <list>',
      `formats besides JSON lines: ${RESULT_FORMATS.join(', ')}`,
      parseFormats,
      [],
    )
    .option('--video', 'render each video with its boxes, too', false)
    .option('-j, --jobs <count>', 'videos at once; default: one per core', count('--jobs'))
    .option('--fps <rate>', 'frames per second of folders of stills', parseRate, 25)
    .option('--hardware <name>', HARDWARE_HELP)
    .option('--checkpoint <frames>', 'frames between checkpoints', count('--checkpoint'), 100)
    .option(
      '--reverse-buffer <MB>',
      'disk space for decoded frames when following backwards',
      count('--reverse-buffer'),
      2048,
    )
    .option('--json', 'print what happens as one JSON object a line', false)
    .option('--redis <url>', 'let `siamtrack worker`s do it: enqueue there, and watch')
    .option('--queue <name>', 'name of the queue in Redis', 'siamtrack')
    .option(
      '--retries <count>',
      'with --redis: starts without any progress until a video is given up',
      count('--retries'),
      5,
    )
    .option(
      '--window <count>',
      'with --redis: most videos enqueued ahead of the workers',
      count('--window'),
      1000,
    );
  addModelOptions(command).action((inputs: string[], options: BatchCommandOptions) =>
    run(inputs, {
      ...options,
      // With several jobs, a thread for each core is the default here.
      threads: command.getOptionValueSource('threads') === 'default' ? undefined : options.threads,
    }),
  );
  addExamples(
    command,
    'batch videos/ --targets targets.csv --out results',
    "batch 'cam*/2026-*.mp4' --targets targets.yaml --formats mot,cvat --video --jobs 4",
    'batch /shared/videos -t targets.csv -o /shared/results --redis redis://queue.example',
  );
}

async function run(
  names: readonly string[],
  options: Omit<BatchCommandOptions, 'threads'> & { readonly threads?: number },
): Promise<void> {
  const { out, json } = options;
  checkHardware(options);
  const entries = await readTargetsFile(options.targets);
  const inputs = await expandInputs(names, out);
  const { targets, unused } = matchTargets(inputs, entries, options.targets);
  const jobs = options.jobs ?? availableParallelism();
  const threads = options.threads ?? Math.min(availableParallelism(), jobs, Math.max(1, inputs.length));
  const models = new ModelPool(({ name, ...wanted }) =>
    loadChosenModel({ ...options, ...wanted, threads, model: name }),
  );
  const display = await createBatchDisplay(inputs, json);
  const interrupt = watchInterrupts();
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
  const { runRemoteBatch } = await import('../batch/queue/index.js');
  return runRemoteBatch({ ...common, redis: redis as string, queue, retries, window });
}

/** 0 all outputs are there; 1 some are not, or break off with their input; 130 stopped. */
function exitCode({ counts }: BatchSummary, stopped: boolean): number {
  if (stopped) return INTERRUPTED;
  return counts.failed + counts.damaged + counts.interrupted > 0 ? ExitCode.failure : ExitCode.ok;
}

function parseFormats(text: string): ResultFormat[] {
  return text.split(',').map((name) => {
    const format = RESULT_FORMATS.find((one) => one === name.trim());
    if (!format) throw new InvalidArgumentError('--formats', `any of ${RESULT_FORMATS.join(', ')}`, name);
    return format;
  });
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && Number.isFinite(rate))) throw new InvalidArgumentError('--fps', 'more than 0', text);
  return rate;
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
}: Pick<ModelOptions, 'engine' | 'provider'>): 'auto' | EngineName {
  return provider === 'cpu' ? engine : `onnx-${provider}`;
}
