import { readFile, rename, writeFile } from 'node:fs/promises';
import { backwards, fromStarts, readSequences } from '../../datasets/index.js';
import { type BeliefQuality, calibrate } from '../../evaluate/index.js';
import { findManifest, parseManifest } from '../../model/index.js';
import type { CalibrateCommandOptions } from '../calibrate.js';
import { loadChosenModel } from './chosen-model.js';
import { createProgress } from './progress.js';

/** Fits the calibration, tells how good it is, and writes it into the model where that is wanted. */
export async function calibrateModel(folder: string, options: CalibrateCommandOptions): Promise<void> {
  const read = await readSequences(folder, { oneBased: !options.zeroBased });
  const { starts } = options;
  const ways = options.bothWays ? [...read, ...backwards(read)] : read;
  const sequences = fromStarts(ways, { starts });
  const followed = read.reduce((sum, { targets }) => sum + targets.length, 0);
  const runs = sequences.reduce((sum, { targets }) => sum + targets.length, 0);
  const model = await loadChosenModel(options);
  const progress = createProgress('calibrating', runs);
  try {
    let done = 0;
    const report = await calibrate(model, sequences, () => progress.update(++done));
    progress.stop();
    if (options.write) await write(options.model, report.calibration);
    if (options.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else {
      const line = (name: string, { auroc, ece }: BeliefQuality) =>
        `${name.padEnd(34)} AUROC ${auroc.toFixed(3)}   calibration error ${ece.toFixed(3)}\n`;
      const times = runs > followed ? ` followed ${runs} times` : '';
      process.stdout.write(
        `${followed} targets${times}, ${report.frames} frames, ${(100 * report.hits).toFixed(1)} % with IoU > 0.5\n` +
          line('raw score', report.score) +
          line('calibrated, each video left out', report.heldOut) +
          `${JSON.stringify(report.calibration)}\n`,
      );
    }
  } finally {
    progress.stop();
    await model.dispose();
  }
}

/** Replaces the calibration in a model's manifest, leaving the rest of the file as it is written. */
async function write(name: string | undefined, calibration: object): Promise<void> {
  const path = await findManifest(name ?? 'default');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  manifest.tracker.calibration = calibration;
  parseManifest(manifest, path);
  await writeFile(`${path}.part`, `${JSON.stringify(manifest, null, 2)}\n`);
  await rename(`${path}.part`, path);
}
