import type { Command } from 'commander';

/** `siamtrack doctor`: what is installed, which engines work, and what to do about what does not. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is installed, what works, and what to do about what does not')
    .option('--json', 'print the findings as JSON')
    .action(() => {
      process.stdout.write(`node ${process.version}\n`);
    });
}
