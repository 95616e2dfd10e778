import { createRequire } from 'node:module';
import { SiamtrackError } from '../../common/index.js';
import { tensorflowStatus } from '../../tensorflow/index.js';
import { createEngine } from '../create-engine.js';
import type { Engine, EngineDescription } from '../engine.js';
import type { EngineName } from '../engine-name.js';
import type { EngineSetup, ModelPaths } from '../engine-setup.js';
import { ModelError, type ModelManifest, type Precision } from '../manifest.js';
import { type Candidate, candidatesFor } from './candidates.js';
import { type ChoiceRow, choiceFile, readChoice, writeChoice } from './choice-cache.js';
import { type Machine, thisMachine } from './machine.js';
import { runProbe } from './run-probe.js';
import { timeEngines } from './time-engine.js';

/** Which engine runs a model with which weights, and why. */
export interface EngineChoice {
  readonly engine: EngineName;
  readonly precision: Precision;
  /** `asked`: there was nothing to choose; `timed`: just now; `remembered`: timed by an earlier process. */
  readonly how: 'asked' | 'timed' | 'remembered';
  /** Every candidate as measured; empty where there was nothing to choose. */
  readonly table: readonly ChoiceRow[];
  /** The same for a person, in one line. */
  readonly reason: string;
}

/** What is to be chosen. */
export interface ChoiceRequest {
  readonly engine: 'auto' | EngineName;
  readonly manifest: ModelManifest;
  /** Files of the weights that may run. */
  readonly weights: ReadonlyMap<Precision, ModelPaths>;
  readonly threads: number;
  /** Measure again what is remembered. */
  readonly again?: boolean;
}

const ortVersion: string = createRequire(import.meta.url)('onnxruntime-node/package.json').version;

/**
 * Chooses the engine and weights with the least time per target in a batch. The answer is remembered by machine, runtimes
 * and model, so that it is the same from run to run.
 * @throws ModelError `MODEL_INVALID` where no candidate runs the model
 */
export async function chooseEngine(request: ChoiceRequest): Promise<EngineChoice> {
  const { engine, manifest, weights } = request;
  const machine = thisMachine();
  const candidates = candidatesFor(engine, [...weights.keys()], machine);
  const [only] = candidates;
  if (candidates.length === 1)
    return { ...only, how: 'asked', table: [], reason: `${only.engine}, ${only.precision}` };
  const file = choiceFile(keyOf(request, machine, candidates));
  const stored = request.again ? undefined : await readChoice(file);
  if (stored && candidates.some((c) => c.engine === stored.engine && c.precision === stored.precision))
    return { ...stored, how: 'remembered', reason: reasonFor(stored, 'remembered') };
  const table = await measure(candidates, request);
  const best = fastest(table);
  if (!best) {
    const problems = table.map((row) => `${row.engine} ${row.precision}: ${row.problem}`).join('; ');
    throw new ModelError('MODEL_INVALID', `${manifest.name}: no engine can run it: ${problems}`);
  }
  const choice = { format: 1, engine: best.engine, precision: best.precision, table } as const;
  await writeChoice(file, choice);
  return { ...choice, how: 'timed', reason: reasonFor(choice, 'timed') };
}

function keyOf(
  { manifest, weights, threads }: ChoiceRequest,
  machine: Machine,
  candidates: readonly Candidate[],
) {
  const [tensorflow] = tensorflowStatus().engines;
  return {
    machine,
    node: process.versions.node.split('.')[0],
    onnxruntime: ortVersion,
    tensorflow: tensorflow && `${tensorflow.version} ${tensorflow.variant}`,
    files: [...weights.keys()].map((precision) => manifest.files[precision]),
    largestBatch: manifest.largestBatch,
    threads,
    candidates,
  };
}

/** Times candidates: the processor's here, in turn with each other; all others in processes of their own. */
export async function measure(
  candidates: readonly Candidate[],
  request: Omit<ChoiceRequest, 'engine'>,
): Promise<ChoiceRow[]> {
  const { manifest } = request;
  const rows = new Map<Candidate, ChoiceRow>();
  const here: { candidate: Candidate; engine: Engine }[] = [];
  for (const candidate of candidates) {
    if (candidate.engine !== 'onnx') {
      const answer = await runProbe(setupOf(candidate, request));
      rows.set(candidate, {
        ...candidate,
        ...('problem' in answer
          ? { problem: firstLine(answer.problem) }
          : { ...answer.timing, ...deviceOf(answer.description) }),
      });
      continue;
    }
    try {
      here.push({ candidate, engine: await createEngine({ ...setupOf(candidate, request), threads: 1 }) });
    } catch (error) {
      rows.set(candidate, { ...candidate, problem: firstLine((error as Error).message) });
    }
  }
  const timings = await timeEngines(
    here.map(({ engine }) => engine),
    manifest,
  );
  for (const [k, { candidate, engine }] of here.entries()) {
    const { alone, batch } = timings[k];
    // Each thread is an engine of its own, and they share out a batch.
    const device = deviceOf(engine.description);
    rows.set(candidate, { ...candidate, ...device, alone, batch: batch / request.threads });
    await engine.dispose();
  }
  return candidates.map((candidate) => rows.get(candidate) as ChoiceRow);
}

/** What `auto` takes of what was measured: the least time per target in a batch, on a real device. */
export function fastest(table: readonly ChoiceRow[]): ChoiceRow | undefined {
  const working = table.filter((row) => row.batch !== undefined && !row.software);
  return working.sort((a, b) => (a.batch as number) - (b.batch as number))[0];
}

function deviceOf({ runtime, device, software }: EngineDescription) {
  return { runtime, device, ...(software ? { software } : {}) };
}

export function setupOf(
  { engine, precision }: Candidate,
  request: Omit<ChoiceRequest, 'engine'>,
): EngineSetup {
  const paths = request.weights.get(precision);
  if (!paths) throw new SiamtrackError('ENGINE_FAILED', `Expected ${precision} weights, got none.`);
  return { engine, precision, paths, manifest: request.manifest, threads: request.threads };
}

function reasonFor(
  choice: { engine: EngineName; precision: Precision; table: readonly ChoiceRow[] },
  how: string,
): string {
  const rows = choice.table.map((row) => {
    const name = `${row.engine} ${row.precision}`;
    if (row.batch === undefined) return `${name}: ${row.problem}`;
    return `${name} ${row.batch.toFixed(2)} ms${row.software ? ' in software' : ''}`;
  });
  return `${choice.engine}, ${choice.precision}: the fastest a target (${how}: ${rows.join(', ')})`;
}

function firstLine(text: string): string {
  return text.split('\n')[0].slice(0, 300);
}
