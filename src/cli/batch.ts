import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { RESULT_FORMATS, type ResultFormat } from '../formats/names.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { addModelOptions, HARDWARE_HELP, type ModelOptions } from './model-option.js';
import { count, frameRate } from './option-values.js';
import { addTrackingOptions, type TrackingOptions } from './tracking-option.js';

export interface BatchCommandOptions extends ModelOptions, TrackingOptions {
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
    .option('--fps <rate>', 'frames per second of folders of stills', frameRate, 25)
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
  addModelOptions(addTrackingOptions(command)).action(
    lazily(async () => (await import('./run/batch.js')).batch),
  );
  addExamples(
    command,
    'batch videos/ --targets targets.csv --out results',
    "batch 'cam*/2026-*.mp4' --targets targets.yaml --formats mot,cvat --video --jobs 4",
    'batch /shared/videos -t targets.csv -o /shared/results --redis redis://queue.example',
  );
}

function parseFormats(text: string): ResultFormat[] {
  return text.split(',').map((name) => {
    const format = RESULT_FORMATS.find((one) => one === name.trim());
    if (!format) throw new InvalidArgumentError('--formats', `any of ${RESULT_FORMATS.join(', ')}`, name);
    return format;
  });
}
