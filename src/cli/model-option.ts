import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { InvalidArgumentError, packageRoot } from '../common/index.js';
import { loadModel, type Model } from '../model/index.js';

/** What {@link addModelOptions} gives a command. */
export interface ModelOptions {
  readonly model: string;
  readonly weights?: string;
  readonly threads: number;
  readonly precision: 'auto' | 'float32' | 'int8';
  readonly provider: string;
}

/** The options of every command that runs a network. */
export function addModelOptions(command: Command): Command {
  return command
    .option('-m, --model <name>', 'a shipped model, a model folder or a model.json', 'default')
    .option('--weights <folder>', "where the model's ONNX files are, if not beside its model.json")
    .option('--threads <count>', 'threads of the network', count('--threads'), 1)
    .addOption(
      new Option('--precision <kind>', 'which weights run; auto times both')
        .choices(['auto', 'float32', 'int8'])
        .default('auto'),
    )
    .option('--provider <name>', 'ONNX Runtime execution provider', 'cpu');
}

/** Loads the model a command was asked for. */
export async function loadChosenModel({
  model,
  weights,
  threads,
  precision,
  provider,
}: ModelOptions): Promise<Model> {
  return loadModel(model, {
    threads,
    precision,
    executionProvider: provider,
    weights: weights ?? (await publishedWeights(model)),
  });
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
