import { type Command, Option } from 'commander';
import { ENGINE_NAMES, type EngineName } from '../model/names.js';
import { count } from './option-values.js';

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
