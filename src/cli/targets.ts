import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { port } from './option-values.js';

export interface TargetsCommandOptions {
  readonly targets?: string;
  readonly template?: string;
  readonly draw?: boolean;
  readonly port: number;
  readonly json: boolean;
}

/** `siamtrack targets INPUT...`: checks a targets file against videos, and makes a template of what is missing. */
export function registerTargets(program: Command): void {
  const command = program
    .command('targets')
    .description('check a targets file against videos, list what is missing, make a template')
    .argument('<inputs...>', 'as for `siamtrack batch`')
    .option('-t, --targets <file>', 'the targets file so far')
    .option(
      '--template <file>',
      'write a CSV file with a line for each video that has no target; - is stdout',
    )
    .option(
      '--draw',
      'show the videos that have no target in the viewer page, to draw boxes and save a targets file',
    )
    .option('-p, --port <number>', 'with --draw: port of the page; default: any free one', port, 0)
    .option('--json', 'print the result as JSON', false)
    .action(lazily(async () => (await import('./run/targets.js')).checkTargets));
  addExamples(
    command,
    'targets videos/ --targets targets.csv',
    'targets videos/ --draw',
    'targets videos/ --template targets.csv',
    'targets videos/ --targets targets.csv --template - >> targets.csv',
  );
}
