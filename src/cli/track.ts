import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { addModelOptions, HARDWARE_HELP, type ModelOptions } from './model-option.js';
import { each, frameRate } from './option-values.js';
import { addTrackingOptions, type TrackingOptions } from './tracking-option.js';

export interface TrackCommandOptions extends ModelOptions, TrackingOptions {
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
    .option('-t, --target <name=x,y,w,h>', 'a target with a name; may be given several times', each, [])
    .option('-s, --start <when>', 'the frame the boxes belong to: 120 is an index, 12.5 or 12s is a time')
    .option('--fps <rate>', 'frames per second of a folder of stills; default 25', frameRate)
    .option('--hardware <name>', HARDWARE_HELP)
    .option('-o, --out <file>', 'write the JSON lines there; - is stdout', '-')
    .option('--preview <file>', 'render the boxes into a video (.mp4, .m4v, .mov, .mkv)');
  addModelOptions(addTrackingOptions(command)).action(
    lazily(async () => (await import('./run/track.js')).track),
  );
  addExamples(
    command,
    'track street.mp4 --box 412,300,96,54 --out boxes.jsonl --preview boxes.mp4',
    'track stills/ --target car=412,300,96,54 --target dog=80,210,40,38 --start 2.5s | head',
  );
}
