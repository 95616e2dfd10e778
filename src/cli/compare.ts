import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';
import { addModelOptions, type ModelOptions } from './model-option.js';

export interface CompareCommandOptions extends ModelOptions {
  readonly boxA?: string;
  readonly boxB?: string;
  readonly json?: boolean;
}

/** `siamtrack compare A B`: how alike two pictures are in the eyes of the network. */
export function registerCompare(program: Command): void {
  const command = program
    .command('compare')
    .description('say how alike two pictures are in the eyes of the network')
    .argument('<a>', 'a picture')
    .argument('<b>', 'another picture')
    .option('--box-a <x,y,w,h>', 'the object in the first; default: the whole picture')
    .option('--box-b <x,y,w,h>', 'the object in the second; default: the whole picture')
    .option('--json', 'print the measures as JSON');
  addModelOptions(command).action(lazily(async () => (await import('./run/compare.js')).compare));
  addExamples(command, 'compare a.jpg b.jpg --box-a 20,30,80,60 --box-b 200,44,76,58');
}
