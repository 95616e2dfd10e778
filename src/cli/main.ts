#!/usr/bin/env node
import { Command } from 'commander';
import { packageVersion } from '../common/index.js';
import { registerDoctor } from './doctor.js';
import { reportError } from './exit.js';

// A reader that has seen enough (`siamtrack track ... | head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const program = new Command('siamtrack')
  .description('Follow any object someone points at, in video, and report its box in every frame.')
  .version(packageVersion())
  .showHelpAfterError('(run with --help for what is accepted)')
  .exitOverride();

registerDoctor(program);

try {
  await program.parseAsync();
} catch (error) {
  reportError(error);
}
