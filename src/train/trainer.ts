import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { SiamtrackError } from '../common/index.js';
import type { TensorFlow } from '../tensorflow/index.js';
import { type Checkpoint, writeCheckpoint } from './checkpoint.js';
import type { TrainConfig } from './config.js';
import type { Batch } from './data/batch.js';
import type { BatchSource } from './data/batch-source.js';
import { Metrics } from './metrics.js';
import type { Statistics, Weights } from './network.js';
import { type AdamW, learningRateAt } from './optimiser.js';
import { type Prepared, prepare } from './prepare.js';
import { recalibrate } from './recalibrate.js';
import { batchLoss, batchTensors, type StepInput } from './step.js';
import { validate } from './validate.js';

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
  /** Weights and statistics to start from where the output folder has no checkpoint yet. */
  readonly start?: Checkpoint;
}

/** Training that cannot go on. Codes: `TRAIN_DIVERGED`, `TRAIN_LEAK` (a defect of this program). */
export class TrainError extends SiamtrackError {}

/** Trains by a recipe, going on from the output folder's checkpoint where there is one. */
export async function train(tf: TensorFlow, config: TrainConfig, options: TrainOptions = {}): Promise<void> {
  const onEvent = options.onEvent ?? (() => {});
  await mkdir(config.output, { recursive: true });
  const prepared = await prepare(tf, config, options.start, (step, total) =>
    onEvent({ kind: 'decode', step, total, values: {} }),
  );
  const metrics = await Metrics.open(tf, config.output, ['step', 'validation'], prepared.adam.steps);
  const trainer = new Trainer(prepared, metrics, onEvent);
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
  #statistics: Map<string, Statistics>;
  readonly #calibration: readonly Batch[];
  readonly #source: BatchSource;
  readonly #heldOut: readonly Batch[];
  readonly #metrics: Metrics;
  readonly #onEvent: (event: TrainEvent) => void;
  #best: number;

  constructor(prepared: Prepared, metrics: Metrics, onEvent: (event: TrainEvent) => void) {
    this.#tf = prepared.input.tf;
    this.#config = prepared.input.config;
    this.#input = prepared.input;
    this.#adam = prepared.adam;
    this.#statistics = prepared.statistics;
    this.#calibration = prepared.calibration;
    this.#source = prepared.source;
    this.#heldOut = prepared.heldOut;
    this.#best = prepared.best;
    this.#metrics = metrics;
    this.#onEvent = onEvent;
  }

  async run({ stopAfter = Number.POSITIVE_INFINITY, signal }: TrainOptions): Promise<void> {
    const { optimiser, every } = this.#config;
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
      const values = await this.#step(batch, log);
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
        throw new TrainError('TRAIN_LEAK', `expected ${tensors} tensors after step ${step}, got ${count}`);
      tensors = count;
      if (this.#adam.steps % every.validate === 0 || this.#adam.steps === optimiser.steps) {
        await this.#validate();
        since = performance.now();
      } else if (this.#adam.steps % every.checkpoint === 0) await this.#save(['last']);
      // Messages from the workers arrive between steps.
      await new Promise(setImmediate);
    }
    await this.#save(['last']);
  }

  async close(): Promise<void> {
    await this.#source.close();
    this.#adam.dispose();
    for (const s of this.#statistics.values()) this.#tf.dispose([s.mean, s.variance]);
  }

  async #step(batch: Parameters<typeof batchTensors>[1], read: boolean): Promise<Record<string, number>> {
    const tf = this.#tf;
    const { network, config } = this.#input;
    const tensors = batchTensors(this.#input, batch);
    const record = new Map<string, Statistics>();
    const rate = learningRateAt(this.#adam.steps, config.optimiser);
    const out = tf.tidy(() => {
      const weights = this.#split(this.#adam.weights);
      const { parameters } = network;
      const trained = parameters.map(({ name }) => !config.freeze.some((prefix) => name.startsWith(prefix)));
      let parts: Record<string, Tensor> = {};
      const loss = (...args: Tensor[]) => {
        let next = 0;
        const named = new Map(parameters.map((p, i) => [p.name, trained[i] ? args[next++] : weights[i]]));
        const all = batchLoss(this.#input, named, tensors, record, this.#statistics);
        parts = Object.fromEntries(Object.entries(all).map(([k, v]) => [k, tf.keep(v.clone())]));
        return all.total;
      };
      const { grads, value } = tf.valueAndGrads(loss)(weights.filter((_, i) => trained[i]));
      value.dispose();
      let next = 0;
      const flat = tf.concat(
        parameters.map((p, i) => (trained[i] ? grads[next++].flatten() : tf.zeros([p.size]))),
      ) as Tensor1D;
      return { parts, flat };
    });
    const norm = this.#adam.apply(out.flat, rate);
    for (const { mean, variance } of record.values()) tf.dispose([mean, variance]);
    const values: Record<string, number> = { learningRate: rate };
    if (read) {
      const parts = await Promise.all(Object.values(out.parts).map((part) => part.data()));
      for (const [k, name] of Object.keys(out.parts).entries()) values[name] = parts[k][0];
      values.gradient = (await norm.data())[0];
      if (!Number.isFinite(values.total)) {
        throw new TrainError(
          'TRAIN_DIVERGED',
          `expected a finite loss at step ${this.#adam.steps}, got ${values.total}`,
        );
      }
    } else if (tf.getBackend() === 'webgpu') {
      // Work is only queued there: without waiting, steps would pile up in memory.
      await norm.data();
    }
    tf.dispose([
      ...Object.values(tensors).filter((t) => t !== undefined),
      ...Object.values(out.parts),
      out.flat,
      norm,
    ]);
    return values;
  }

  /** Gives the averaged weights statistics of their own. */
  async #recalibrate(): Promise<void> {
    if (this.#config.freezeNorm) return;
    const fresh = await recalibrate(this.#input, this.#weightsOf(this.#adam.average), this.#calibration);
    for (const { mean, variance } of this.#statistics.values()) this.#tf.dispose([mean, variance]);
    this.#statistics = fresh;
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

  async #validate(): Promise<void> {
    if (this.#heldOut.length === 0) return this.#save(['last', 'best']);
    await this.#recalibrate();
    const weights = this.#weightsOf(this.#adam.average);
    const measures = await validate(this.#input, weights, this.#statistics, this.#heldOut);
    await this.#record('validation', measures);
    const better = measures.iou > this.#best;
    if (better) this.#best = measures.iou;
    await this.#save(better ? ['last', 'best'] : ['last']);
  }

  async #record(kind: 'step' | 'validation', values: Record<string, number>): Promise<void> {
    const step = this.#adam.steps;
    const { batch, steps } = this.#config.optimiser;
    await this.#metrics.write(kind, { step, pairs: step * batch, ...values });
    this.#onEvent({ kind, step, total: steps, values });
  }

  async #save(names: readonly string[]): Promise<void> {
    await this.#recalibrate();
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
