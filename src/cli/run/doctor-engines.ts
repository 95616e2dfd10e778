import type { ChoiceRow, EngineName } from '../../model/index.js';
import type { Finding } from './doctor-checks.js';

/** What the machine's engines do with the default model. */
export interface EngineReport {
  /** Graphics processors that were seen. */
  readonly gpus: readonly string[];
  /** What `--engine auto` takes, and why. */
  readonly chosen: string;
  /** Milliseconds per search region on one thread, alone and in a batch; or the problem. */
  readonly rows: readonly ChoiceRow[];
}

/** Times every engine that works on the default model; what `auto` remembers stays as it is. */
export async function examineEngines(findings: readonly Finding[]): Promise<EngineReport | undefined> {
  const works = (name: string) => findings.some((finding) => finding.name === name && finding.works);
  if (!works('provider cpu')) return undefined;
  try {
    const { installedEngines, loadModel, thisMachine, timeModel } = await import('../../model/index.js');
    const engines = installedEngines().filter((engine: EngineName) =>
      works(engine === 'tensorflow' ? engine : `provider ${engine === 'onnx' ? 'cpu' : engine.slice(5)}`),
    );
    const rows = await timeModel('default', engines);
    const model = await loadModel('default', { engine: 'auto' });
    await model.dispose();
    return { gpus: thisMachine().gpus, chosen: model.choice.reason, rows };
  } catch {
    // A model that does not load is a finding already.
    return undefined;
  }
}

/** The table, for people. */
export function describeEngines({ gpus, chosen, rows }: EngineReport): string {
  const name = (row: ChoiceRow) => `${row.engine} ${row.precision}`;
  const width = Math.max(...rows.map((row) => name(row).length));
  const ms = (value: number | undefined) => (value?.toFixed(2) ?? '').padStart(7);
  const lines = rows.map((row) =>
    row.problem === undefined
      ? `  ${name(row).padEnd(width)}  ${ms(row.alone)} ${ms(row.batch)}  ${row.runtime} (${row.device}${row.software ? ', in software: no GPU' : ''})`
      : `  ${name(row).padEnd(width)}  does not work: ${row.problem}`,
  );
  return [
    `GPUs: ${gpus.join(', ') || 'none seen'}`,
    'Engines with the default model, ms per target on one thread, alone and in a batch:',
    ...lines,
    `--engine auto takes ${chosen}`,
    '',
  ].join('\n');
}
