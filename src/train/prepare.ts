import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TensorFlow } from '../tensorflow/index.js';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import type { TrainConfig } from './config.js';
import type { Batch, BatchLayout } from './data/batch.js';
import { BatchSource } from './data/batch-source.js';
import { type Catalogue, type CatalogueClip, openCatalogue } from './data/catalogue.js';
import type { PairOptions } from './data/pairs.js';
import type { CalibrationCrops } from './export.js';
import { grow, requireSameNetwork } from './grow.js';
import type { Grid } from './labels.js';
import { Network, type Statistics } from './network.js';
import { cellsOf, strideOf } from './network-spec.js';
import { AdamW } from './optimiser.js';
import { Random } from './random.js';
import type { FeatureScale, StepInput } from './step.js';
import { Teacher } from './teacher.js';

/** Everything a training run works with, at the step where it begins. */
export interface Prepared {
  readonly input: StepInput;
  readonly adam: AdamW;
  readonly statistics: Map<string, Statistics>;
  readonly source: BatchSource;
  /** Pairs like those trained on, that the averaged weights' statistics are measured on. */
  readonly calibration: readonly Batch[];
  /** Held-out pairs, the same ones in every run; none where no clip is held out. */
  readonly heldOut: readonly Batch[];
  /** The best validation so far. */
  readonly best: number;
}

const VALIDATION_BATCHES = 16;
const CALIBRATION_BATCHES = 8;
const CALIBRATION_PAIRS = 96;
const FEATURE_BATCHES = 8;

/**
 * Opens data, teacher and network: from the output folder's checkpoint where there is one, else from `start` (of the recipe's
 * network or a smaller one, which is grown), else from random weights.
 */
export async function prepare(
  tf: TensorFlow,
  config: TrainConfig,
  start: Checkpoint | undefined,
  onDecode: (done: number, total: number) => void,
): Promise<Prepared> {
  const file = join(config.output, 'last.ckpt');
  const saved = existsSync(file) ? await readCheckpoint(file) : undefined;
  if (saved) requireSameNetwork(saved, config.network, config.input.template);
  const grown = start && !saved ? grow(start, config.network, config.input.template, config.seed) : undefined;
  const { catalogue, pixels } = await openCatalogue(config.data, config.cache, onDecode);
  const { training, heldOut } = split(catalogue, config.data.validation);
  const network = new Network(tf, config.network, config.input.template, config.precision);
  const stride = strideOf(config.network);
  const searchCells = cellsOf(config.network, config.input.search);
  const grid: Grid = { cells: searchCells, stride, offset: (-searchCells / 2) * stride };

  const from = saved ?? grown;
  const adam = optimiserFor(tf, config, network, grown);
  const step = saved ? Number(saved.header.step) : 0;
  if (saved) adam.restore(saved.arrays as Parameters<AdamW['restore']>[0], step);
  const statistics = new Map<string, Statistics>(
    network.normLayers.map(({ name, outChannels }) => [
      name,
      {
        mean: tf.tensor1d(from?.arrays[`${name}.mean`] ?? new Float32Array(outChannels)),
        variance: tf.tensor1d(from?.arrays[`${name}.variance`] ?? new Float32Array(outChannels).fill(1)),
      },
    ]),
  );

  const teacher = config.teacher && (await Teacher.load(config.teacher.model, config.teacher.weights));
  const layout = await layoutOf(config, searchCells, teacher);
  const pairs = pairOptions(config);
  const setup = { seed: config.seed, catalogue: training, pixels, pairs, layout, teacher: config.teacher };
  const featureScale = saved?.arrays['feature.mean']
    ? { mean: saved.arrays['feature.mean'], deviation: saved.arrays['feature.deviation'] }
    : teacher && (await featureScaleOf(config, setup, layout));
  return {
    input: { tf, network, config, grid, teacherGrid: teacher && gridOf(teacher), featureScale },
    adam,
    statistics,
    source: new BatchSource(setup, step, config.workers),
    calibration: config.freezeNorm
      ? []
      : await take(CALIBRATION_BATCHES, { ...setup, seed: config.seed + 3, teacher: undefined }),
    heldOut: heldOut.clips.length === 0 ? [] : await heldOutBatches({ ...setup, catalogue: heldOut }),
    best: Number(saved?.header.best ?? 0),
  };
}

function pairOptions({ pairs, input }: TrainConfig): PairOptions {
  const { template, search, contextAmount, templateMask } = input;
  const masked = templateMask !== undefined;
  return { ...pairs, templateSize: template, searchSize: search, contextAmount, masked };
}

type Setup = ConstructorParameters<typeof BatchSource>[0];

function optimiserFor(
  tf: TensorFlow,
  config: TrainConfig,
  network: Network,
  start: Checkpoint | undefined,
): AdamW {
  const initial = start?.arrays.average ?? network.initialWeights(new Random(config.seed));
  const decayed = new Float32Array(initial.length);
  const trained = new Float32Array(initial.length).fill(1);
  let at = 0;
  for (const p of network.parameters) {
    if (p.decay) decayed.fill(1, at, at + p.size);
    if (config.freeze.some((prefix) => p.name.startsWith(prefix))) trained.fill(0, at, at + p.size);
    at += p.size;
  }
  return new AdamW(tf, initial, decayed, trained, config.optimiser);
}

/** Held-out pairs are shown as they are. */
const CALM = {
  strength: 0,
  occlusion: 0,
  distractor: 0,
  lowResolution: 0,
  lookAlike: 0,
  recoloured: 0,
  covered: 0,
  mirrored: 0,
  turned: 0,
};

async function heldOutBatches(setup: Setup): Promise<Batch[]> {
  const mixture = { clips: 1, stills: 0, photos: 0 };
  return take(VALIDATION_BATCHES, {
    ...setup,
    seed: 0,
    teacher: undefined,
    pairs: { ...setup.pairs, ...CALM, mixture, shift: 32 },
  });
}

/** The first batches of a source of their own. */
async function take(count: number, setup: Setup): Promise<Batch[]> {
  const source = new BatchSource(setup, 0, 1, count);
  const batches: Batch[] = [];
  while (batches.length < count) batches.push(await source.next());
  await source.close();
  return batches;
}

/** Clips with exact boxes are held out by a hash of their names, those of one video together: the same ones in every run. */
export function split(catalogue: Catalogue, share: number): { training: Catalogue; heldOut: Catalogue } {
  const held = ({ name, video = name, rough }: CatalogueClip) =>
    !rough && createHash('sha256').update(video).digest().readUInt32BE() / 2 ** 32 < share;
  return {
    training: { ...catalogue, clips: catalogue.clips.filter((c) => !held(c)) },
    heldOut: { ...catalogue, clips: catalogue.clips.filter((c) => held(c)) },
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
    templateShade: config.input.templateShade,
  };
  if (!teacher) return { ...base, channels: 0, templateCells: 0, searchCells: 0, gridCells: 0 };
  const { input } = config;
  const of = { width: input.template / 2, height: input.template / 2, mean: [0, 0, 0] } as const;
  const lesson = await teacher.teach(
    { crop: new Float32Array(input.template ** 2 * 3), of },
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

async function featureScaleOf(config: TrainConfig, setup: Setup, layout: BatchLayout): Promise<FeatureScale> {
  if (config.teacher?.standardise) return measureFeatures(setup, layout);
  return { mean: new Float32Array(layout.channels), deviation: new Float32Array(layout.channels).fill(1) };
}

async function measureFeatures(setup: Setup, layout: BatchLayout): Promise<FeatureScale> {
  const source = new BatchSource({ ...setup, seed: setup.seed + 1 }, 0, 1, FEATURE_BATCHES);
  const { channels } = layout;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let count = 0;
  const cells = layout.searchCells ** 2;
  for (let k = 0; k < FEATURE_BATCHES; k++) {
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

/** Crops of a recipe's own data, half as disturbed, to calibrate 8-bit weights and a plain response's score on. */
export async function calibrationCrops(config: TrainConfig): Promise<CalibrationCrops> {
  const { catalogue, pixels } = await openCatalogue(config.data, config.cache);
  const searchCells = cellsOf(config.network, config.input.search);
  const layout = await layoutOf(config, searchCells, undefined);
  const pairs = { ...pairOptions(config), strength: 0.5 };
  const setup = {
    seed: config.seed + 2,
    catalogue,
    pixels,
    pairs,
    layout: { ...layout, pairs: CALIBRATION_PAIRS },
  };
  const source = new BatchSource({ ...setup, teacher: undefined }, 0, 1, 1);
  const { templates, searches, truths } = await source.next();
  await source.close();
  return { templates, searches, truths, count: CALIBRATION_PAIRS };
}
