import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { parse } from 'yaml';
import { packageRoot } from '../src/common/index.js';
import type { TensorFlow } from '../src/tensorflow/index.js';
import {
  configSchema,
  loadTrainingEngine,
  multiplyAdds,
  type NetworkSpec,
  networkSchema,
  type TrainConfig,
  train,
} from '../src/train/index.js';
import { TRAINING_PRECISIONS, type TrainingPrecision } from '../src/train/names.js';
import type { BenchTable } from './ingest.js';

const STEPS = 60;
const LOG = 10;
const PICTURES = 24;

/**
 * Training steps of a shipped recipe's network without a teacher, on two threads: pairs a second, and the steps' multiply-adds
 * against those of a plain float32 matrix product in the same process (forward once, gradients twice).
 */
export async function benchTrain(): Promise<BenchTable> {
  const folder = await mkdtemp(join(tmpdir(), 'siamtrack-bench-train-'));
  try {
    await drawPictures(join(folder, 'photos'));
    const { tf, description } = await loadTrainingEngine('tensorflow');
    const network = await shippedNetwork();
    const rows = [];
    for (const precision of TRAINING_PRECISIONS) {
      const product = matrixProductRate(tf);
      const { pairs, waiting } = await pairsPerSecond(tf, recipe(folder, network, precision));
      const rate = pairs * multiplyAddsOfPair(network);
      rows.push({
        precision,
        'pairs/s': pairs.toFixed(1),
        'pairs/h': String(Math.round(pairs * 3600)),
        'waiting for data': waiting.toFixed(3),
        'multiply-adds/s, G': (rate / 1e9).toFixed(1),
        'matrix product, G': (product / 1e9).toFixed(1),
        'of it': (rate / product).toFixed(2),
      });
    }
    return { title: `Training with ${description}, without a teacher`, rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function shippedNetwork(): Promise<NetworkSpec> {
  const file = join(packageRoot(), 'recipes/siamtrack-s.yaml');
  return networkSchema.parse(parse(await readFile(file, 'utf8')).network);
}

/** Noise of several scales: what is in a picture makes no difference to how long it takes. */
async function drawPictures(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let k = 0; k < PICTURES; k++) {
    const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
    await sharp({ create: { width: 96, height: 72, channels: 3, noise, background: 'black' } })
      .resize(400, 300)
      .jpeg()
      .toFile(join(folder, `${k}.jpg`));
  }
}

function recipe(folder: string, network: NetworkSpec, precision: TrainingPrecision): TrainConfig {
  return configSchema.parse({
    name: 'bench',
    precision,
    output: join(folder, precision),
    cache: join(folder, 'cache'),
    data: { photos: [join(folder, 'photos')] },
    network,
    optimiser: { steps: STEPS + 1 },
    every: { log: LOG, checkpoint: STEPS * 10, validate: STEPS * 10 },
  });
}

/** Medians, without the first steps. */
async function pairsPerSecond(
  tf: TensorFlow,
  config: TrainConfig,
): Promise<{ pairs: number; waiting: number }> {
  const seen: Readonly<Record<string, number>>[] = [];
  const onEvent = ({ kind, values }: { kind: string; values: Readonly<Record<string, number>> }) => {
    if (kind === 'step') seen.push(values);
  };
  await train(tf, config, { stopAfter: STEPS, onEvent });
  const median = (name: string) => {
    const values = seen.slice(1).map((row) => row[name]);
    return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  };
  return { pairs: median('pairsPerSecond'), waiting: median('waiting') };
}

/** Both crops through the encoder, and the head with its own template and with another's; forward and twice for gradients. */
function multiplyAddsOfPair(network: NetworkSpec): number {
  const { encoder, head } = multiplyAdds(network, 255, 8);
  const template = multiplyAdds(network, 127, 8).encoder;
  return 3 * (encoder + template + 2 * head);
}

/** Multiply-adds a second of a matrix product of 1024 x 1024, the best of some. */
function matrixProductRate(tf: TensorFlow): number {
  const side = 1024;
  return tf.tidy(() => {
    const a = tf.randomNormal([side, side]);
    let best = Number.POSITIVE_INFINITY;
    for (let k = 0; k < 8; k++) {
      const start = performance.now();
      tf.matMul(a, a).dataSync();
      best = Math.min(best, performance.now() - start);
    }
    return side ** 3 / (best / 1000);
  });
}
