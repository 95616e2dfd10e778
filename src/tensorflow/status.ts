import { enginesFolder, findMissingFile, listEngines } from './engine-folder.js';

/** One installed TensorFlow. */
export interface TensorFlowEngineStatus {
  readonly version: string;
  readonly variant: 'cpu' | 'gpu';
  readonly folder: string;
  readonly installedAt: string;
  /** Whether `loadTensorFlow` would take this one: the one installed last. */
  readonly used: boolean;
  /** What is wrong with it, in words, or `undefined` where every file is there in its full size. */
  readonly problem?: string;
}

/** What is installed of native TensorFlow, without loading it. */
export interface TensorFlowStatus {
  /** Where engines are looked for. */
  readonly folder: string;
  /** Installed engines, the one that is used first. */
  readonly engines: readonly TensorFlowEngineStatus[];
  /** What to run, or `undefined` where nothing needs doing. */
  readonly advice?: string;
}

/** Says which native TensorFlow is installed, and what to do where none is or one is damaged. */
export function tensorflowStatus(root: string = enginesFolder()): TensorFlowStatus {
  const engines = listEngines(root).map((engine, index): TensorFlowEngineStatus => {
    const { version, variant, installedAt } = engine.record;
    const missing = findMissingFile(engine);
    const problem = missing === undefined ? undefined : `${missing} is missing or cut short`;
    return { version, variant, folder: engine.folder, installedAt, used: index === 0, problem };
  });
  const [used] = engines;
  if (used && used.problem === undefined) return { folder: root, engines };
  const repair = used ? `--version ${used.version}${used.variant === 'gpu' ? ' --gpu' : ''} --force` : '';
  const advice = `siamtrack engine install tensorflow ${repair}`.trim();
  return { folder: root, engines, advice };
}
