import type { Command } from 'commander';
import { InvalidArgumentError } from '../common/index.js';
import { READABLE_FORMATS, RESULT_FORMATS } from '../formats/names.js';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { frameRate } from './option-values.js';

export interface ConvertOptions {
  readonly to: string;
  readonly out: string;
  readonly from?: string;
  readonly video?: string;
  readonly fps?: number;
  readonly size?: readonly [width: number, height: number];
  readonly startTime?: Date;
}

/** `siamtrack convert INPUT --to FORMAT`: results in one format, written in another. */
export function registerConvert(program: Command): void {
  const command = program
    .command('convert')
    .description('write results in another format')
    .argument('<input>', 'a file or folder of results; - is stdin')
    .requiredOption('-t, --to <format>', `${RESULT_FORMATS.join(', ')}, or video: the boxes drawn`)
    .option('-o, --out <file>', 'write there; - is stdout, for formats that are one file', '-')
    .option('-f, --from <format>', `${READABLE_FORMATS.join(', ')}; default: what the name ends in`)
    .option('--video <file>', 'the video the results are of: its times and sizes are taken')
    .option('--fps <rate>', 'frames per second, where neither the input nor a video tells them', frameRate)
    .option('--size <width x height>', 'frame size in pixels, likewise', parseSize)
    .option(
      '--start-time <time>',
      'wall-clock time at pts 0, for ONVIF; default 1970-01-01T00:00Z',
      parseTime,
    )
    .action(lazily(async () => (await import('./run/convert.js')).convert));
  addExamples(
    command,
    'convert boxes.jsonl --to mot --out street.mot.txt',
    'convert boxes.jsonl --to video --video street.mp4 --out boxes.mp4',
    'convert street.cvat.xml --video street.mp4 --to jsonl | head',
  );
}

function parseSize(text: string): [number, number] {
  const match = /^([1-9]\d{0,5})x([1-9]\d{0,5})$/.exec(text);
  if (!match) throw new InvalidArgumentError('--size', 'width x height in pixels such as 1920x1080', text);
  return [Number(match[1]), Number(match[2])];
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('--start-time', 'a time such as 2026-05-04T12:00:00Z', text);
  }
  return time;
}
