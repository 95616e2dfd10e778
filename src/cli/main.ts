#!/usr/bin/env node
import { Command } from 'commander';
import { packageVersion } from '../common/index.js';
import { reportError } from './exit.js';

/** Every command, in the order of the help. Loaded when needed: a runtime takes longer to load than to say no. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  track: async () => (await import('./track.js')).registerTrack,
  convert: async () => (await import('./convert.js')).registerConvert,
  batch: async () => (await import('./batch.js')).registerBatch,
  worker: async () => (await import('./worker.js')).registerWorker,
  queue: async () => (await import('./queue.js')).registerQueue,
  targets: async () => (await import('./targets.js')).registerTargets,
  serve: async () => (await import('./serve.js')).registerServe,
  watch: async () => (await import('./watch.js')).registerWatch,
  protocol: async () => (await import('./protocol.js')).registerProtocol,
  evaluate: async () => (await import('./evaluate.js')).registerEvaluate,
  compare: async () => (await import('./compare.js')).registerCompare,
  calibrate: async () => (await import('./calibrate.js')).registerCalibrate,
  train: async () => (await import('./train.js')).registerTrain,
  engine: async () => (await import('./engine.js')).registerEngine,
  doctor: async () => (await import('./doctor.js')).registerDoctor,
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
  const needed = Object.hasOwn(COMMANDS, first) ? [first] : Object.keys(COMMANDS);
  for (const name of needed) (await COMMANDS[name]())(program);
  await program.parseAsync();
} catch (error) {
  reportError(error);
}
