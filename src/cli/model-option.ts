import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { InvalidArgumentError, packageRoot } from '../common/index.js';
import { ENGINE_NAMES, type EngineName, loadModel, type Model } from '../model/index.js';

/** What {@link addModelOptions} gives a command. */
export interface ModelOptions {
  readonly model: string;
  readonly weights?: string;
  readonly threads: number;
  readonly precision: 'auto' | 'float32' | 'int8';
  /** Default `auto`. */
  readonly engine?: 'auto' | EngineName;
  readonly provider: string;
}

/** Help of `--hardware`. */
export const HARDWARE_HELP =
  'decode with this -hwaccel of ffmpeg (cuda, vaapi, videotoolbox, auto, ...); software where it fails';

/** The options of every command that runs a network. */
export function addModelOptions(command: Command): Command {
  return command
    .option('-m, --model <name>', 'a shipped model, a model folder or a model.json', 'default')
    .option('--weights <folder>', "where the model's ONNX files are, if not beside its model.json")
    .option('--threads <count>', 'threads of the network', count('--threads'), 1)
    .addOption(
      new Option('--precision <kind>', 'which weights run; auto takes the faster')
        .choices(['auto', 'float32', 'int8'])
        .default('auto'),
    )
    .addOption(
      new Option('--engine <name>', 'what computes; auto takes the fastest of what the machine has')
        .choices(['auto', ...ENGINE_NAMES])
        .default('auto'),
    )
    .addOption(
      new Option('--provider <name>', 'ONNX Runtime execution provider: the engine onnx-NAME')
        .default('cpu')
        .hideHelp(),
    );
}

/** Loads the model a command was asked for. */
export async function loadChosenModel({
  model,
  weights,
  threads,
  precision,
  engine = 'auto',
  provider,
}: ModelOptions): Promise<Model> {
  const loaded = await loadModel(model, {
    threads,
    precision,
    ...(provider === 'cpu' ? { engine } : { executionProvider: provider }),
    weights: weights ?? (await publishedWeights(model)),
  });
  // Told once, when it was found out; afterwards it is remembered, and `siamtrack doctor` shows it.
  const { how, reason } = loaded.choice;
  if (how === 'timed' && process.stderr.isTTY) process.stderr.write(`engine: ${reason}\n`);
  return loaded;
}

/** A parser of options that count something. */
export function count(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError(name, 'a whole number >= 1', text);
    return value;
  };
}

/**
 * Published networks come as a manifest alone: their weights lie in a folder of the same name inside `SIAMTRACK_PUBLISHED`, or in
 * `shared/models` beside this package.
 */
async function publishedWeights(model: string): Promise<string | undefined> {
  const folder = resolve(model);
  const manifest = await readFile(join(folder, 'model.json'), 'utf8').catch(() => null);
  if (manifest === null) return undefined;
  const published = process.env.SIAMTRACK_PUBLISHED ?? join(packageRoot(), '..', 'shared', 'models');
  const weights = join(published, basename(folder));
  // A manifest that cannot be read is for the loader to complain about.
  const files = [...manifest.matchAll(/"path"\s*:\s*"([^"]+)"/g)].map((match) => match[1]);
  const missing = files.some((file) => !existsSync(join(folder, file)));
  return missing && existsSync(weights) ? weights : undefined;
}
