import { z } from 'zod';
import { SiamtrackError } from '../common/index.js';

const positive = z.number().positive();
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** A file inside the model folder: relative, forward slashes, never leaving the folder. */
const innerPath = z
  .string()
  .min(1)
  .refine((p) => !/^([a-zA-Z]:|[\\/])/.test(p) && !p.split(/[\\/]/).includes('..'), {
    message: 'expected a relative path that stays inside the model folder',
  });

const modelFile = z.strictObject({
  path: innerPath,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits'),
});

const modelFiles = z.strictObject({ encoder: modelFile, head: modelFile.optional() });

/** `TemplateMask` or `TemplateShade` of a manifest or a recipe. */
export const templateMask = z.strictObject({
  margin: z.number().min(0),
  outside: z.number().min(0).max(1),
});

const cellGrid = z.strictObject({ size: z.int().positive(), offset: z.number() });

const boxHead = z.strictObject({
  kind: z.literal('box'),
  /** Input names of the graph. */
  template: z.string(),
  search: z.string(),
  /**
   * `softmax2`: two channels, channel 1 is the target after softmax; `sigmoid`: one channel already 0..1;
   * `logit`: one channel to be squashed by the logistic function.
   */
  score: z.strictObject({ output: z.string(), kind: z.enum(['softmax2', 'sigmoid', 'logit']) }),
  /** `ltrb`: distances left, top, right, bottom from the grid point, in search pixels. */
  box: z.strictObject({ output: z.string(), kind: z.literal('ltrb') }),
  /** Cells along one side of the maps, and the position of cell 0 in search pixels from the crop's centre. */
  grid: cellGrid,
  /**
   * Other sides of search crops that the graph takes, in pixels, with their maps' grids: smaller ones for a target that
   * is surely about where it was, larger ones for one that is not.
   */
  otherSearches: z.array(z.strictObject({ side: z.int().min(8), grid: cellGrid })).optional(),
  /** How template embeddings are masked before the head sees them; absent: they are not. */
  templateMask: templateMask.optional(),
});

const siamfcHead = z.strictObject({
  kind: z.literal('siamfc'),
  /** Searched sizes around the last one: an odd number, factors `scaleStep ** k`. */
  scales: z
    .int()
    .positive()
    .refine((n) => n % 2 === 1, { message: 'expected an odd number' })
    .default(3),
  scaleStep: z.number().gt(1).default(1.0375),
  /** Factor on the peak of every scale but the unchanged one. */
  scalePenalty: z.number().gt(0).max(1).default(0.9745),
  /** Share of the new size taken at once. */
  scaleDamping: z.number().gt(0).max(1).default(0.59),
  /** Bicubic enlargement of the response map before its peak is sought. */
  responseUpsampling: z.int().positive().default(16),
  /** Score = logistic(response * gain + bias), the trained adjustment of the correlation. */
  gain: z.number().default(1),
  bias: z.number().default(0),
});

/**
 * Weights of a logistic regression from what a response says of its pick to the probability that the box overlaps the
 * target by more than half. Without it that probability is the score.
 */
const calibration = z.strictObject({
  bias: z.number().default(0),
  /** Log-odds of the picked point's score. Not negative: belief rises with the score. */
  score: z.number().min(0).default(1),
  /** Log-odds of the mean score in the middle of the box. */
  fill: z.number().min(0).default(0),
  /** Mean overlap of the box with the boxes of the points inside it, 0..1. */
  agreement: z.number().default(0),
  /** Log-odds of the best score of another object. */
  rival: z.number().default(0),
  /** Absolute logarithm of the box's side against the first one's. */
  growth: z.number().default(0),
  /** Absolute logarithm of the box's aspect ratio against the first one's, halved. */
  aspect: z.number().default(0),
  /** Mean log-odds of the frames before. */
  history: z.number().default(0),
  /** Mean agreement of the last second or so, 0..1. */
  steadiness: z.number().default(0),
  /** What the target's memory says of the picked point, 0..1. */
  memory: z.number().default(0),
});

/** `model.json`, format 1. Unknown fields are errors, so that a typo is never a silent default. */
export const ModelManifest = z
  .strictObject({
    format: z.literal(1),
    name: z.string().min(1),
    version: z.string().min(1),
    licence: z.string().min(1),
    trainingData: z.string(),
    input: z.strictObject({
      /** Side of the square template and search crops, in pixels. */
      template: z.int().min(8),
      search: z.int().min(8),
      /** How template crops are shaded; absent: they are not. */
      templateShade: templateMask.optional(),
      channelOrder: z.enum(['RGB', 'BGR']),
      /** Network input = (value * scale - mean[c]) / std[c], value 0..255, c in `channelOrder`. */
      normalisation: z.strictObject({
        scale: positive,
        mean: triple,
        std: z.tuple([positive, positive, positive]),
      }),
    }),
    /** Search pixels per cell of an embedding. */
    stride: positive,
    /** The template covers sqrt((w + p)(h + p)) pixels, p = contextAmount * (w + h). */
    contextAmount: z.number().min(0),
    /** Most crops the graphs take in one call; 1 where the batch is fixed in the graph. */
    largestBatch: z.int().positive(),
    encoder: z.strictObject({ input: z.string(), output: z.string() }),
    head: z.discriminatedUnion('kind', [boxHead, siamfcHead]),
    files: z.strictObject({ float32: modelFiles, int8: modelFiles.optional() }),
    tracker: z.strictObject({
      windowInfluence: z.number().min(0).max(1),
      /** Box head only: strength of the penalty on change of shape and size, and rate at which size follows. */
      penaltyK: z.number().min(0).default(0),
      sizeSmoothing: z.number().min(0).max(1).default(1),
      /** Beliefs at or above `tracking` are that state, below `lost` that one, between them `uncertain`. */
      states: z
        .strictObject({ tracking: z.number().min(0).max(1), lost: z.number().min(0).max(1) })
        .refine((s) => s.lost <= s.tracking, { message: 'expected lost <= tracking' })
        .default({ tracking: 0.5, lost: 0.2 }),
      calibration: calibration.prefault({}),
      /**
       * Box head only: weight of what is learnt of the target in the video against the head's score, in choosing the
       * point: score^(1 - memory) * learnt^memory. 0 learns nothing.
       */
      memory: z.number().min(0).max(1).default(0.4),
    }),
    /** Measured accuracy, for readers; nothing depends on it. */
    accuracy: z
      .array(
        z.strictObject({
          data: z.string(),
          auc: z.number().min(0).max(1),
          precision: z.number().min(0).max(1),
        }),
      )
      .optional(),
  })
  .superRefine((m, context) => {
    if (m.head.kind === 'box') {
      const { grid, otherSearches = [] } = m.head;
      const all = [{ side: m.input.search, grid }, ...otherSearches];
      // By its number of cells a map says of which crop it is.
      for (const [what, of] of [
        ['sides', all.map(({ side }) => side)],
        ['grids of sizes', all.map(({ grid }) => grid.size)],
      ] as const)
        if (new Set(of).size < of.length)
          context.addIssue({
            code: 'custom',
            path: ['head', 'otherSearches'],
            message: `expected ${what} that differ, from those of input.search and head.grid, too, got ${of.join(', ')}`,
          });
    }
    for (const [precision, files] of Object.entries(m.files)) {
      if (!files || (m.head.kind === 'box') === (files.head !== undefined)) continue;
      context.addIssue({
        code: 'custom',
        path: ['files', precision, 'head'],
        message:
          m.head.kind === 'box'
            ? 'expected a file, as head.kind is "box"'
            : 'expected none, as head.kind is "siamfc"',
      });
    }
  });
export type ModelManifest = z.infer<typeof ModelManifest>;
/** The part of a manifest that describes a box head. */
export type BoxHead = z.infer<typeof boxHead>;
/** The part of a manifest that turns responses into probabilities. */
export type Calibration = z.infer<typeof calibration>;
/** The part of a manifest that describes the plain SiamFC response. */
export type SiamfcHead = z.infer<typeof siamfcHead>;
/** Which set of weights runs. */
export type Precision = 'float32' | 'int8';

/** A model folder that cannot be used. Codes: `MODEL_NOT_FOUND`, `MODEL_INVALID`, `MODEL_CHECKSUM`. */
export class ModelError extends SiamtrackError {}

/**
 * Checks a parsed `model.json`.
 * @param where names the file in messages
 * @throws ModelError `MODEL_INVALID`, naming every field that is wrong
 */
export function parseManifest(json: unknown, where = 'model.json'): ModelManifest {
  const parsed = ModelManifest.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((i) => `${i.path.join('.') || '(whole)'}: ${i.message}`);
  throw new ModelError('MODEL_INVALID', `${where}: ${problems.join('; ')}`);
}
