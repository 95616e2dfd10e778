import type { Command } from 'commander';
import { addExamples } from './examples.js';
import { lazily } from './lazily.js';

/** `siamtrack doctor`: what is installed, which engines work, and what to do about what does not. */
export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('say what is installed, what works, and what to do about what does not')
    .option('--json', 'print the findings as JSON')
    .action(lazily(async () => (await import('./run/doctor.js')).doctor));
  addExamples(command, 'doctor', 'doctor --json');
}
