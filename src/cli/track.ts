import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { boxMessage, JsonLinesWriter, PreviewWriter, parseBox } from '../formats/index.js';
import { type FrameSource, openSource, type SourceWarning } from '../ingest/index.js';
import type { Model } from '../model/index.js';
import {
  follow,
  parseStart,
  type Sink,
  type Start,
  StartNotReachedError,
  type TargetStart,
} from '../pipeline/index.js';
import { TargetGroup } from '../tracker/index.js';
import { addExamples } from './examples.js';
import { addModelOptions, HARDWARE_HELP, loadChosenModel, type ModelOptions } from './model-option.js';
import { createProgress } from './progress.js';

/** What a shell reports of a process that an interrupt ended. */
const INTERRUPTED = 130;
const WARNINGS_TOLD = 10;

interface TrackCommandOptions extends ModelOptions {
  readonly box?: string;
  readonly target: readonly string[];
  readonly start?: string;
  readonly fps?: number;
  readonly hardware?: string;
  readonly out: string;
  readonly preview?: string;
}

/** `siamtrack track SOURCE`: follows targets through a video and writes where they are in every frame. */
export function registerTrack(program: Command): void {
  const command = program
    .command('track')
    .description('follow targets through a video, as one JSON line a frame')
    .argument('<source>', 'a video file, or a folder of stills')
    .option(
      '-b, --box <x,y,w,h>',
      'where the target is on the first frame, in pixels from the top-left corner',
    )
    .option(
      '-t, --target <name=x,y,w,h>',
      'a target with a name; may be given several times',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option('-s, --start <when>', 'the frame the boxes belong to: 120 is an index, 12.5 or 12s is a time')
    .option('--fps <rate>', 'frames per second of a folder of stills; default 25', parseRate)
    .option('--hardware <name>', HARDWARE_HELP)
    .option('-o, --out <file>', 'write the JSON lines there; - is stdout', '-')
    .option('--preview <file>', 'render the boxes into a video (.mp4, .m4v, .mov, .mkv)');
  addModelOptions(command).action(run);
  addExamples(
    command,
    'track street.mp4 --box 412,300,96,54 --out boxes.jsonl --preview boxes.mp4',
    'track stills/ --target car=412,300,96,54 --target dog=80,210,40,38 --start 2.5s | head',
  );
}

async function run(name: string, options: TrackCommandOptions): Promise<void> {
  const targets = parseTargets(options);
  const start = options.start === undefined ? undefined : parseStart('--start', options.start);
  const model = await loadChosenModel(options);
  const interrupt = watchInterrupts();
  try {
    const { signal } = interrupt;
    const source = await openSource(name, {
      start,
      fps: options.fps,
      hardware: options.hardware,
      signal,
      onWarning: createWarner(),
    });
    try {
      await track(source, name, model, { ...options, targets, start, signal });
    } finally {
      await source.close();
    }
  } finally {
    interrupt.stop();
    await model.dispose();
  }
}

interface TrackPlan {
  readonly out: string;
  readonly preview?: string;
  readonly targets: readonly TargetStart[];
  readonly start?: Start;
  readonly signal: AbortSignal;
}

async function track(source: FrameSource, name: string, model: Model, plan: TrackPlan): Promise<void> {
  const { targets, start, signal } = plan;
  const outputs: Output[] = [];
  const progress = createProgress('tracking', source.info.frameCount);
  let frames = 0;
  try {
    outputs.push(await linesOutput(plan.out, name));
    if (plan.preview !== undefined) outputs.push(await previewOutput(plan.preview, source));
    const sink: Sink = async (frame, found) => {
      for (const output of outputs) await output.sink(frame, found);
      frames++;
      progress.update(frame.index + 1);
    };
    const { stopped } = await follow(source, { group: new TargetGroup(model), targets, sink, signal });
    if (stopped) process.exitCode = INTERRUPTED;
    else if (frames === 0) throw new StartNotReachedError(start ?? { frame: 0 });
  } finally {
    progress.stop();
    // Frames before a failure are good: they are kept.
    await endAll(outputs, frames > 0);
  }
}

/** One place the results go to. */
interface Output {
  readonly sink: Sink;
  close(): Promise<void>;
  abort(): Promise<void>;
}

async function linesOutput(out: string, stream: string): Promise<Output> {
  const lines = await JsonLinesWriter.open(out === '-' ? process.stdout : out);
  return {
    sink: (frame, targets) => lines.write(boxMessage(stream, frame, targets)),
    close: () => lines.close(),
    abort: () => lines.abort(),
  };
}

async function previewOutput(file: string, { info }: FrameSource): Promise<Output> {
  const preview = await PreviewWriter.open(file, { fps: info.frameRate ?? 25 });
  return {
    sink: (frame, targets) => preview.write(frame, targets),
    close: () => preview.close(),
    abort: () => preview.abort(),
  };
}

/** Ends every output, also where one of them fails; the first failure is thrown. */
async function endAll(outputs: readonly Output[], keep: boolean): Promise<void> {
  const ended = await Promise.allSettled(outputs.map((output) => (keep ? output.close() : output.abort())));
  const failed = ended.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Tells of damage that the decoder concealed, without filling the terminal. */
function createWarner(): (warning: SourceWarning) => void {
  let told = 0;
  return ({ frame, message }) => {
    if (++told <= WARNINGS_TOLD) process.stderr.write(`warning, near frame ${frame}: ${message}\n`);
    if (told === WARNINGS_TOLD) process.stderr.write('warning: more of these are not shown\n');
  };
}

/** The first interrupt ends the work in good order; the next one ends the process as usual. */
function watchInterrupts() {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  return {
    signal: controller.signal,
    stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort),
  };
}

function parseTargets({ box, target }: TrackCommandOptions): TargetStart[] {
  const targets: TargetStart[] = box === undefined ? [] : [{ id: '1', box: parseBox('--box', box) }];
  for (const text of target) {
    const at = text.lastIndexOf('=');
    if (at < 1) throw new InvalidArgumentError('--target', 'name=x,y,width,height', text);
    const id = text.slice(0, at);
    if (targets.some((other) => other.id === id)) {
      throw new InvalidArgumentError('--target', 'a name that no other target has', id);
    }
    targets.push({ id, box: parseBox('--target', text.slice(at + 1)) });
  }
  if (targets.length === 0)
    throw new InvalidArgumentError('--box', 'x,y,width,height, or a --target', 'none');
  return targets;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0 && Number.isFinite(rate))) throw new InvalidArgumentError('--fps', 'more than 0', text);
  return rate;
}
