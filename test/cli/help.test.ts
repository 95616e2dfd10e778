import { Command } from 'commander';
import { expect, it } from 'vitest';
import { registerBatch } from '../../src/cli/batch.js';
import { registerCalibrate } from '../../src/cli/calibrate.js';
import { registerCompare } from '../../src/cli/compare.js';
import { registerConvert } from '../../src/cli/convert.js';
import { registerDoctor } from '../../src/cli/doctor.js';
import { registerEngine } from '../../src/cli/engine.js';
import { registerEvaluate } from '../../src/cli/evaluate.js';
import { exitCodeOf } from '../../src/cli/exit.js';
import { registerProtocol } from '../../src/cli/protocol.js';
import { registerQueue } from '../../src/cli/queue.js';
import { registerServe } from '../../src/cli/serve.js';
import { registerTargets } from '../../src/cli/targets.js';
import { registerTrack } from '../../src/cli/track.js';
import { registerTrain } from '../../src/cli/train.js';
import { registerWatch } from '../../src/cli/watch.js';
import { registerWorker } from '../../src/cli/worker.js';

const COMMANDS: readonly [string, (program: Command) => void][] = [
  ['track', registerTrack],
  ['serve', registerServe],
  ['watch', registerWatch],
  ['protocol', registerProtocol],
  ['convert', registerConvert],
  ['batch', registerBatch],
  ['worker', registerWorker],
  ['queue', registerQueue],
  ['targets', registerTargets],
  ['evaluate', registerEvaluate],
  ['compare', registerCompare],
  ['calibrate', registerCalibrate],
  ['train', registerTrain],
  ['engine', registerEngine],
  ['engine install', registerEngine],
  ['engine list', registerEngine],
  ['doctor', registerDoctor],
];

it.each(COMMANDS)('%s --help shows command lines as people type them', async (name, register) => {
  let said = '';
  const program = new Command('siamtrack')
    .exitOverride()
    .configureOutput({ writeOut: (text) => (said += text) });
  register(program);
  const inherit = (parent: Command) => {
    for (const command of parent.commands) inherit(command.copyInheritedSettings(parent));
  };
  inherit(program);
  const ended = program.parseAsync([...name.split(' '), '--help'], { from: 'user' });
  expect(await ended.catch(exitCodeOf)).toBe(0);
  expect(said).toMatch(new RegExp(`Examples:\n  siamtrack ${name}`));
});
