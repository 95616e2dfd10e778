import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { readCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { TrainConfig } from './config.js';
import type { BatchLayout } from './data/batch.js';
import { BatchSource } from './data/batch-source.js';
import { type Catalogue, openCatalogue } from './data/catalogue.js';
import type { Grid } from './labels.js';
import { Network, type Statistics, type Weights } from './network.js';
import { cellsOf, strideOf } from './network-spec.js';
import { AdamW, learningRateAt } from './optimiser.js';
import { Random } from './random.js';
import { batchLoss, batchTensors, type FeatureScale, type StepInput } from './step.js';
import { Teacher } from './teacher.js';
import type { TensorFlow } from './tensorflow/index.js';
import { validate } from './validate.js';

/** Running statistics follow each batch by this share. */
const STATISTICS_RATE = 0.01;

export interface TrainEvent {
  readonly kind: 'step' | 'validation' | 'decode';
  readonly step: number;
  readonly total: number;
  /** Loss parts of a step, measures of a validation. */
  readonly values: Readonly<Record<string, number>>;
}

export interface TrainOptions {
  readonly onEvent?: (event: TrainEvent) => void;
  /** Stop after this many steps of this run (the checkpoint lets the next run go on). */
  readonly stopAfter?: number;
  readonly signal?: AbortSignal;
}

/** Trains by a recipe, going on from the output folder's checkpoint where there is one. */
export async function train(tf: TensorFlow, config: TrainConfig, options: TrainOptions = {}): Promise<void> {
  const onEvent = options.onEvent ?? (() => {});
  await mkdir(config.output, { recursive: true });
  const trainer = await Trainer.open(tf, config, onEvent);
  try {
    await trainer.run(options);
  } finally {
    await trainer.close();
  }
}

class Trainer {
  readonly #tf: TensorFlow;
  readonly #config: TrainConfig;
  readonly #input: StepInput;
  readonly #adam: AdamW;
  readonly #statistics: Map<string, Statistics>;
  readonly #source: BatchSource;
  readonly #validation: BatchSource;
  readonly #onEvent: (event: TrainEvent) => void;
  #best: number;

  private constructor(
    tf: TensorFlow,
    config: TrainConfig,
    input: StepInput,
    adam: AdamW,
    statistics: Map<string, Statistics>,
    source: BatchSource,
    validation: BatchSource,
    best: number,
    onEvent: (event: TrainEvent) => void,
  ) {
    this.#tf = tf;
    this.#config = config;
    this.#input = input;
    this.#adam = adam;
    this.#statistics = statistics;
    this.#source = source;
    this.#validation = validation;
    this.#best = best;
    this.#onEvent = onEvent;
  }

  static async open(
    tf: TensorFlow,
    config: TrainConfig,
    onEvent: (event: TrainEvent) => void,
  ): Promise<Trainer> {
    const { catalogue, pixels } = await openCatalogue(config.data, config.cache, (step, total) =>
      onEvent({ kind: 'decode', step, total, values: {} }),
    );
    const { training, heldOut } = split(catalogue, config.data.validation);
    const network = new Network(tf, config.network, config.input.template);
    const stride = strideOf(config.network);
    const searchCells = cellsOf(config.network, config.input.search);
    const grid: Grid = { cells: searchCells, stride, offset: (-searchCells / 2) * stride };

    const file = join(config.output, 'last.ckpt');
    const saved = existsSync(file) ? await readCheckpoint(file) : undefined;
    const random = new Random(config.seed);
    const initial = network.initialWeights(random);
    const decayed = new Float32Array(initial.length);
    let at = 0;
    for (const p of network.parameters) {
      if (p.decay) decayed.fill(1, at, at + p.size);
      at += p.size;
    }
    const adam = new AdamW(tf, initial, decayed, config.optimiser);
    const step = saved ? Number(saved.header.step) : 0;
    if (saved) adam.restore(saved.arrays as Parameters<AdamW['restore']>[0], step);
    const statistics = new Map<string, Statistics>(
      network.normLayers.map((l) => [
        l.name,
        {
          mean: tf.tensor1d(saved?.arrays[`${l.name}.mean`] ?? new Float32Array(l.outChannels)),
          variance: tf.tensor1d(
            saved?.arrays[`${l.name}.variance`] ?? new Float32Array(l.outChannels).fill(1),
          ),
        },
      ]),
    );

    const teacher = config.teacher && (await Teacher.load(config.teacher.model, config.teacher.weights));
    const teacherGrid = teacher && gridOf(teacher);
    const layout = await layoutOf(config, searchCells, teacher);
    const pairs = {
      ...config.pairs,
      templateSize: config.input.template,
      searchSize: config.input.search,
      contextAmount: config.input.contextAmount,
    };
    const setup = { seed: config.seed, catalogue: training, pixels, pairs, layout, teacher: config.teacher };
    const source = new BatchSource(setup, step, config.workers);
    const validation = new BatchSource(
      {
        ...setup,
        seed: 0,
        catalogue: heldOut,
        teacher: undefined,
        layout: { ...layout, channels: 0, templateCells: 0, searchCells: 0, gridCells: 0 },
        pairs: {
          ...pairs,
          mixture: { clips: 1, stills: 0, photos: 0 },
          strength: 0,
          occlusion: 0,
          distractor: 0,
          shift: 32,
        },
      },
      0,
      1,
      VALIDATION_BATCHES,
    );
    const featureScale: FeatureScale | undefined = saved?.arrays['feature.mean']
      ? { mean: saved.arrays['feature.mean'], deviation: saved.arrays['feature.deviation'] }
      : teacher && (await measureFeatures(setup, layout));
    const input: StepInput = { tf, network, config, grid, teacherGrid, featureScale };
    return new Trainer(
      tf,
      config,
      input,
      adam,
      statistics,
      source,
      validation,
      Number(saved?.header.best ?? 0),
      onEvent,
    );
  }

  async run({ stopAfter = Number.POSITIVE_INFINITY, signal }: TrainOptions): Promise<void> {
    const { optimiser, every } = this.#config;
    const held = [];
    for (let k = 0; k < VALIDATION_BATCHES; k++) held.push(await this.#validation.next());
    await this.#validation.close();
    const last = Math.min(optimiser.steps, this.#adam.steps + stopAfter);
    let since = performance.now();
    let waited = 0;
    let tensors = 0;
    while (this.#adam.steps < last && !signal?.aborted) {
      const asked = performance.now();
      const batch = await this.#source.next();
      waited += performance.now() - asked;
      const step = this.#adam.steps;
      const log = (step + 1) % every.log === 0;
      const values = this.#step(batch, log);
      this.#source.recycle(batch);
      if (log) {
        const now = performance.now();
        const pairsPerSecond = (every.log * optimiser.batch * 1000) / (now - since);
        await this.#record('step', { ...values, pairsPerSecond, waiting: waited / (now - since) });
        since = now;
        waited = 0;
      }
      const count = this.#tf.memory().numTensors;
      if (step > 0 && tensors > 0 && count > tensors)
        throw new Error(`Tensors leak: ${tensors} before step ${step}, ${count} after.`);
      tensors = count;
      if (this.#adam.steps % every.validate === 0 || this.#adam.steps === optimiser.steps) {
        const measures = validate(this.#input, this.#weightsOf(this.#adam.average), this.#statistics, held);
        await this.#record('validation', measures);
        const better = measures.success > this.#best;
        if (better) this.#best = measures.success;
        await this.#save(better ? ['last', 'best'] : ['last']);
        since = performance.now();
      } else if (this.#adam.steps % every.checkpoint === 0) await this.#save(['last']);
      // Messages from the workers arrive between steps.
      await new Promise(setImmediate);
    }
    await this.#save(['last']);
  }

  async close(): Promise<void> {
    await Promise.all([this.#source.close(), this.#validation.close()]);
    this.#adam.dispose();
    for (const s of this.#statistics.values()) this.#tf.dispose([s.mean, s.variance]);
  }

  #step(batch: Parameters<typeof batchTensors>[1], read: boolean): Record<string, number> {
    const tf = this.#tf;
    const { network, config } = this.#input;
    const tensors = batchTensors(this.#input, batch);
    const record = new Map<string, Statistics>();
    const rate = learningRateAt(this.#adam.steps, config.optimiser);
    const out = tf.tidy(() => {
      const weights = this.#split(this.#adam.weights);
      let parts: Record<string, Tensor> = {};
      const loss = (...args: Tensor[]) => {
        const named = new Map(network.parameters.map((p, i) => [p.name, args[i]]));
        const all = batchLoss(this.#input, named, tensors, record);
        parts = Object.fromEntries(Object.entries(all).map(([k, v]) => [k, tf.keep(v.clone())]));
        return all.total;
      };
      const { grads, value } = tf.valueAndGrads(loss)(weights);
      value.dispose();
      const flat = tf.concat(grads.map((g) => g.flatten())) as Tensor1D;
      return { parts, flat };
    });
    const norm = this.#adam.apply(out.flat, rate);
    this.#follow(record);
    const values: Record<string, number> = { learningRate: rate };
    if (read) {
      for (const [name, part] of Object.entries(out.parts)) values[name] = part.dataSync()[0];
      values.gradient = norm.dataSync()[0];
      if (!Number.isFinite(values.total))
        throw new Error(`Loss is ${values.total} at step ${this.#adam.steps}.`);
    }
    tf.dispose([
      ...Object.values(tensors).filter((t) => t !== undefined),
      ...Object.values(out.parts),
      out.flat,
      norm,
    ]);
    return values;
  }

  #follow(record: Map<string, Statistics>): void {
    const tf = this.#tf;
    for (const [name, now] of record) {
      const old = this.#statistics.get(name) as Statistics;
      // From 0 and 1 at the start: the first batches count for more.
      const rate = Math.max(STATISTICS_RATE, 1 / this.#adam.steps);
      const blend = (a: Tensor1D, b: Tensor1D) => tf.tidy(() => a.mul(1 - rate).add(b.mul(rate)) as Tensor1D);
      this.#statistics.set(name, {
        mean: blend(old.mean, now.mean),
        variance: blend(old.variance, now.variance),
      });
      tf.dispose([old.mean, old.variance, now.mean, now.variance]);
    }
  }

  #split(flat: Tensor1D): Tensor[] {
    const { parameters } = this.#input.network;
    return this.#tf
      .split(
        flat,
        parameters.map((p) => p.size),
      )
      .map((t, i) => t.reshape(parameters[i].shape as number[]));
  }

  #weightsOf(flat: Tensor1D): () => Weights {
    const { parameters } = this.#input.network;
    return () => new Map(this.#split(flat).map((t, i) => [parameters[i].name, t]));
  }

  async #record(kind: 'step' | 'validation', values: Record<string, number>): Promise<void> {
    const { output, optimiser } = this.#config;
    const file = join(output, `${kind}.csv`);
    const row = { step: this.#adam.steps, pairs: this.#adam.steps * optimiser.batch, ...values };
    if (!existsSync(file)) await appendFile(file, `${Object.keys(row).join(',')}\n`);
    await appendFile(
      file,
      `${Object.values(row)
        .map((v) => Number(v.toPrecision(6)))
        .join(',')}\n`,
    );
    this.#onEvent({ kind, step: this.#adam.steps, total: optimiser.steps, values });
  }

  async #save(names: readonly string[]): Promise<void> {
    const state = await this.#adam.state();
    const arrays: Record<string, Float32Array> = { ...state };
    for (const [name, s] of this.#statistics) {
      arrays[`${name}.mean`] = (await s.mean.data()) as Float32Array;
      arrays[`${name}.variance`] = (await s.variance.data()) as Float32Array;
    }
    const scale = this.#input.featureScale;
    if (scale) {
      arrays['feature.mean'] = scale.mean;
      arrays['feature.deviation'] = scale.deviation;
    }
    const header = {
      step: this.#adam.steps,
      best: this.#best,
      name: this.#config.name,
      network: this.#config.network,
      input: this.#config.input,
    };
    for (const name of names)
      await writeCheckpoint(join(this.#config.output, `${name}.ckpt`), { header, arrays });
  }
}

const VALIDATION_BATCHES = 16;

/** Clips are held out by a hash of their names: the same ones in every run. */
function split(catalogue: Catalogue, share: number): { training: Catalogue; heldOut: Catalogue } {
  const held = (name: string) => createHash('sha256').update(name).digest().readUInt32BE() / 2 ** 32 < share;
  return {
    training: { ...catalogue, clips: catalogue.clips.filter((c) => !held(c.name)) },
    heldOut: { ...catalogue, clips: catalogue.clips.filter((c) => held(c.name)) },
  };
}

function gridOf(teacher: Teacher): Grid {
  const { head, stride } = teacher.manifest;
  if (head.kind !== 'box') throw new Error('A teacher needs a box head.');
  return { cells: head.grid.size, offset: head.grid.offset, stride };
}

async function layoutOf(
  config: TrainConfig,
  searchCells: number,
  teacher: Teacher | undefined,
): Promise<BatchLayout> {
  const base = {
    pairs: config.optimiser.batch,
    templateSize: config.input.template,
    searchSize: config.input.search,
  };
  if (!teacher) return { ...base, channels: 0, templateCells: 0, searchCells: 0, gridCells: 0 };
  const { input } = config;
  const lesson = await teacher.teach(
    new Float32Array(input.template ** 2 * 3),
    new Float32Array(input.search ** 2 * 3),
  );
  const channels = lesson.search.length / searchCells ** 2;
  return {
    ...base,
    channels,
    searchCells,
    templateCells: Math.sqrt(lesson.template.length / channels),
    gridCells: Math.sqrt(lesson.score.length),
  };
}

async function measureFeatures(
  setup: ConstructorParameters<typeof BatchSource>[0],
  layout: BatchLayout,
): Promise<FeatureScale> {
  const source = new BatchSource({ ...setup, seed: setup.seed + 1 }, 0, 1);
  const { channels } = layout;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let count = 0;
  const cells = layout.searchCells ** 2;
  for (let k = 0; k < 8; k++) {
    const { teacher } = await source.next();
    const data = (teacher as { searches: Float32Array }).searches;
    for (let i = 0; i < data.length; i++) {
      const c = Math.floor(i / cells) % channels;
      sum[c] += data[i];
      squares[c] += data[i] ** 2;
    }
    count += data.length / channels;
  }
  await source.close();
  const mean = Float32Array.from(sum, (s) => s / count);
  const deviation = Float32Array.from(squares, (s, c) => Math.sqrt(Math.max(1e-6, s / count - mean[c] ** 2)));
  return { mean, deviation };
}
