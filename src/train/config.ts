import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SiamtrackError } from '../common/index.js';
import { templateMask } from '../model/manifest.js';
import { TRAINING_ENGINES, TRAINING_PRECISIONS } from './names.js';
import { networkSchema } from './network-spec.js';

const weight = z.number().min(0);

const fields = z.strictObject({
  name: z.string().min(1),
  seed: z.int().default(1),
  /** What computes; default: native TensorFlow where it is installed, else WebGPU where that is. */
  engine: z.enum(TRAINING_ENGINES).optional(),
  /**
   * What convolutions multiply: `bfloat16` is up to twice as fast where the processor has it (AVX-512 BF16, AMX) and slow where it
   * has not; weights, sums and all else stay float32.
   */
  precision: z.enum(TRAINING_PRECISIONS).default('float32'),
  /** Folder for checkpoints, metrics and exports. */
  output: z.string(),
  /** Folder for decoded pictures. */
  cache: z.string(),
  data: z.strictObject({
    /**
     * Folders of clips, in OTB layout or of masks as DAVIS and Youtube-VOS have them; those of a folder with a share are drawn so
     * often together, against the others' shares. `rough`: their boxes, of a tracker maybe, are about where the target is, and do not
     * teach its extent.
     */
    clips: z
      .array(
        z.union([
          z.string().transform((folder) => ({ folder, share: 1, rough: false })),
          z.strictObject({
            folder: z.string(),
            share: z.number().positive().default(1),
            rough: z.boolean().default(false),
          }),
        ]),
      )
      .default([]),
    /** Whether boxes of clips in OTB layout call the top-left pixel 1,1; masks have no such choice. */
    clipsOneBased: z.boolean().default(false),
    stills: z.array(z.string()).default([]),
    photos: z.array(z.string()).default([]),
    longestSide: z.int().positive().default(512),
    /** Share of clips held out for validation, by a hash of the name. */
    validation: z.number().min(0).max(0.5).default(0.08),
  }),
  network: networkSchema,
  /** What the exported model's manifest says of it. */
  model: z
    .strictObject({
      licence: z.string().default('unspecified'),
      trainingData: z.string().default('unspecified'),
      tracker: z
        .strictObject({
          windowInfluence: z.number().min(0).max(1),
          penaltyK: z.number().min(0),
          sizeSmoothing: z.number().min(0).max(1),
        })
        .default({ windowInfluence: 0.42, penaltyK: 0.14, sizeSmoothing: 0.4 }),
    })
    .prefault({}),
  input: z
    .strictObject({
      template: z.int().default(127),
      search: z.int().default(255),
      contextAmount: z.number().default(0.5),
      /**
       * Masks template embeddings by the target's box before the head. Random patches of photos then have exact boxes: the mask tells
       * what part of the crop is meant.
       */
      templateMask: templateMask.optional(),
      /** Shades template crops around the target's box before the encoder (the teacher sees them whole). */
      templateShade: templateMask.optional(),
    })
    .prefault({}),
  pairs: z
    .strictObject({
      mixture: z
        .strictObject({ clips: weight, stills: weight, photos: weight })
        .default({ clips: 0.45, stills: 0.3, photos: 0.25 }),
      shift: z.number().min(0).default(64),
      scale: z.number().min(0).default(0.25),
      gap: z.int().positive().default(100),
      strength: z.number().min(0).max(1).default(1),
      occlusion: z.number().min(0).max(1).default(0.12),
      distractor: z.number().min(0).max(1).default(0.2),
      lowResolution: z.number().min(0).max(1).default(0),
      transplant: z.number().min(0).max(1).default(0),
      alike: z.number().min(0).max(1).default(0),
      lookAlike: z.number().min(0).max(1).default(0),
      recoloured: z.number().min(0).max(1).default(0),
      covered: z.number().min(0).max(1).default(0),
      mirrored: z.number().min(0).max(1).default(0),
      turned: z.number().min(0).max(1).default(0),
      colour: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
  teacher: z
    .strictObject({
      model: z.string(),
      weights: z.string().optional(),
      /** Learn its embeddings with mean 0 and deviation 1 per channel, and not as they are. */
      standardise: z.boolean().default(true),
    })
    .optional(),
  /** Layers whose names start so keep their weights: the first ones cost most of a step and say the least of an object. */
  freeze: z.array(z.string()).default([]),
  /** Batch norm by the running statistics, which then stay as they are. */
  freezeNorm: z.boolean().default(false),
  /**
   * Share of the gradient of the head's losses (score, negative, box, the teacher's score and box) that goes on into the encoder. With few
   * objects to learn from, the encoder learns them by heart; what the teacher's embeddings teach it holds for all.
   */
  headGradient: z.number().min(0).max(1).default(1),
  /**
   * What a positive cell's score is to say: that it is on the target, or how much its box overlaps the target's
   * (IoU; Zhang 2021, VarifocalNet, 3.2), so that a score can be believed.
   */
  scoreMeans: z.enum(['presence', 'overlap']).default('presence'),
  losses: z
    .strictObject({
      score: weight.default(1),
      pick: weight.default(0),
      negative: weight.default(0.5),
      gone: weight.default(0),
      box: weight.default(1.5),
      feature: weight.default(1),
      teacherScore: weight.default(1),
      teacherBox: weight.default(0.5),
      contrastive: weight.default(0),
      triplet: weight.default(0),
      response: weight.default(0),
      responseTriplet: weight.default(0),
    })
    .prefault({}),
  optimiser: z.strictObject({
    batch: z.int().positive().default(16),
    steps: z.int().positive(),
    learningRate: z.number().positive().default(2e-3),
    warmUp: z.int().nonnegative().default(500),
    /** The cosine ends at this share of the learning rate. */
    floor: z.number().min(0).max(1).default(0.01),
    weightDecay: z.number().min(0).default(0.02),
    clip: z.number().positive().default(5),
    average: z.number().min(0).lt(1).default(0.9995),
  }),
  every: z
    .strictObject({
      log: z.int().positive().default(20),
      checkpoint: z.int().positive().default(500),
      validate: z.int().positive().default(1000),
    })
    .prefault({}),
  workers: z.int().positive().default(2),
});

/** Losses that read the scores and boxes of a head. */
const HEAD_LOSSES = ['score', 'pick', 'negative', 'gone', 'box', 'teacherScore', 'teacherBox'] as const;

/** Losses that compare embeddings, of which one is of the target in the search crop. */
const EMBEDDING_LOSSES = ['contrastive', 'triplet', 'response', 'responseTriplet'] as const;

/** A training recipe. Paths are relative to the file; environment variables as `${NAME}` are replaced in them. */
export const configSchema = fields.superRefine(({ network, losses, pairs }, context) => {
  // The losses on embeddings compare the target with itself in each pair.
  if (pairs.recoloured + pairs.covered > 0) {
    for (const name of EMBEDDING_LOSSES.filter((name) => losses[name] > 0)) {
      const message = `expected 0, as pairs.recoloured or pairs.covered takes the target away, got ${losses[name]}`;
      context.addIssue({ code: 'custom', path: ['losses', name], message });
    }
  }
  if (network.head !== 'response') return;
  for (const name of HEAD_LOSSES.filter((name) => losses[name] > 0)) {
    const message = `expected 0, as network.head is "response", got ${losses[name]}`;
    context.addIssue({ code: 'custom', path: ['losses', name], message });
  }
});
export type TrainConfig = z.infer<typeof configSchema>;

/** A recipe that cannot be used. Code `TRAIN_CONFIG`. */
export class TrainConfigError extends SiamtrackError {}

/** Reads and checks a recipe (YAML). @throws TrainConfigError naming every field that is wrong */
export async function readTrainConfig(file: string): Promise<TrainConfig> {
  let raw: unknown;
  try {
    raw = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new TrainConfigError(
      'TRAIN_CONFIG',
      `${file}: expected a readable YAML file, got: ${(cause as Error).message}`,
      { cause },
    );
  }
  const parsed = configSchema.safeParse(raw);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((i) => `${i.path.join('.') || '(whole)'}: ${i.message}`);
    throw new TrainConfigError('TRAIN_CONFIG', `${file}: ${problems.join('; ')}`);
  }
  const base = dirname(resolve(file));
  const at = (path: string) =>
    resolve(
      base,
      path.replace(/\$\{(\w+)\}/g, (_, name: string) => {
        const value = process.env[name];
        if (value === undefined)
          throw new TrainConfigError('TRAIN_CONFIG', `${file}: environment variable ${name} is not set`);
        return value;
      }),
    );
  const c = parsed.data;
  return {
    ...c,
    output: at(c.output),
    cache: at(c.cache),
    data: {
      ...c.data,
      clips: c.data.clips.map((clips) => ({ ...clips, folder: at(clips.folder) })),
      stills: c.data.stills.map(at),
      photos: c.data.photos.map(at),
    },
    teacher: c.teacher && {
      ...c.teacher,
      model: at(c.teacher.model),
      weights: c.teacher.weights === undefined ? undefined : at(c.teacher.weights),
    },
  };
}
