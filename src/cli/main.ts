#!/usr/bin/env node
import { Command } from 'commander';
import { packageVersion } from '../common/index.js';
import { registerBatch } from './batch.js';
import { registerCalibrate } from './calibrate.js';
import { registerCompare } from './compare.js';
import { registerConvert } from './convert.js';
import { registerDoctor } from './doctor.js';
import { registerEngine } from './engine.js';
import { registerEvaluate } from './evaluate.js';
import { reportError } from './exit.js';
import { registerProtocol } from './protocol.js';
import { registerQueue } from './queue.js';
import { registerServe } from './serve.js';
import { registerTargets } from './targets.js';
import { registerTrack } from './track.js';
import { registerTrain } from './train.js';
import { registerWatch } from './watch.js';
import { registerWorker } from './worker.js';

/** Every command, in the order of the help. What a command does is loaded when it is run: see `lazily`. */
const COMMANDS: Readonly<Record<string, (program: Command) => void>> = {
  track: registerTrack,
  convert: registerConvert,
  batch: registerBatch,
  worker: registerWorker,
  queue: registerQueue,
  targets: registerTargets,
  serve: registerServe,
  watch: registerWatch,
  protocol: registerProtocol,
  evaluate: registerEvaluate,
  compare: registerCompare,
  calibrate: registerCalibrate,
  train: registerTrain,
  engine: registerEngine,
  doctor: registerDoctor,
};

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

try {
  const first = process.argv[2] ?? '';
  // A command may change how the program reads its own options: `engine` does.
  const needed = Object.hasOwn(COMMANDS, first) ? [COMMANDS[first]] : Object.values(COMMANDS);
  for (const register of needed) register(program);
  await program.parseAsync();
} catch (error) {
  reportError(error);
}
