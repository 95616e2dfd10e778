import { InvalidArgumentError } from '../../common/index.js';
import { boxMessage, JsonLinesWriter, PreviewWriter, parseBox } from '../../formats/index.js';
import { type FrameSource, openSource, type SourceWarning } from '../../ingest/index.js';
import {
  follow,
  parseStart,
  type Sink,
  type Start,
  StartNotReachedError,
  type TargetStart,
} from '../../pipeline/index.js';
import { TargetGroup } from '../../tracker/index.js';
import type { TrackCommandOptions } from '../track.js';
import { trackerOptionsOf } from '../tracking-option.js';
import { loadChosenModel } from './chosen-model.js';
import { INTERRUPTED, watchInterrupts } from './interrupts.js';
import { createProgress } from './progress.js';

const WARNINGS_TOLD = 10;

/** Follows the targets through the video, writing as it goes. */
export async function track(name: string, options: TrackCommandOptions): Promise<void> {
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
      const group = new TargetGroup(model, trackerOptionsOf(options));
      await followAll(source, name, group, { ...options, targets, start, signal });
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

async function followAll(
  source: FrameSource,
  name: string,
  group: TargetGroup,
  plan: TrackPlan,
): Promise<void> {
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
    const { stopped } = await follow(source, { group, targets, sink, signal });
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
