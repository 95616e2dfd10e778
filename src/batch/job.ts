import { createHash } from 'node:crypto';
import { z } from 'zod';
import { packageVersion } from '../common/index.js';
import { RESULT_FORMATS } from '../formats/index.js';
import type { EngineName } from '../model/index.js';
import { TrackingConfig } from '../tracker/index.js';
import { BatchTarget } from './target.js';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** All that makes one video's results what they are, and where they go. Plain JSON: the same on this machine and through Redis. */
export const BatchJob = z.strictObject({
  format: z.literal(1),
  /** What outputs and stream are called; relative, forward slashes. */
  name: z
    .string()
    .min(1)
    .refine(
      (name) => !name.startsWith('/') && !/^[a-z]:/i.test(name) && !name.split(/[/\\]/).includes('..'),
      'expected a name inside the output folder',
    ),
  input: z.strictObject({
    location: z.string().min(1),
    kind: z.enum(['video', 'stills', 'url']),
    size: z.int().min(0),
    sha256: digest,
  }),
  targets: z.array(BatchTarget).min(1),
  model: z.strictObject({
    /** As for `loadModel`. */
    name: z.string().min(1),
    weights: z.string().optional(),
    /** Of the manifest, which holds the SHA-256 of every weight file and the tracker's parameters. */
    digest,
    precision: z.enum(['float32', 'int8']),
    /** What computes: other engines round otherwise. */
    engine: z.custom<EngineName>(
      (name) => typeof name === 'string' && /^(onnx(-\w+)?|tensorflow)$/.test(name),
    ),
  }),
  /** How the targets are followed. */
  tracking: TrackingConfig.prefault({}),
  /** Frames per second of stills. */
  fps: z.number().positive(),
  /** The program's version: another one may place boxes otherwise. */
  version: z.string(),
  out: z.string().min(1),
  formats: z.array(z.enum(RESULT_FORMATS)),
  video: z.boolean(),
  /** Frames between checkpoints. */
  checkpointFrames: z.int().positive(),
  /** Most bytes of decoded frames that following backwards keeps on the disk at once. */
  reverseBytes: z.int().positive(),
});
export type BatchJob = z.infer<typeof BatchJob>;

/**
 * Names the record that a job makes: jobs of one key make the same bytes. Where the input lies, where results go and in which formats has
 * no part in it.
 */
export function jobKey({ name, input, targets, model, tracking, fps, version }: BatchJob): string {
  const { size, sha256 } = input;
  const stills = input.kind === 'stills';
  const parts = [
    1,
    name,
    size,
    sha256,
    targets.map(canonicalTarget),
    model.digest,
    model.precision,
    model.engine,
    [tracking.memory, tracking.extent, tracking.searchBudget],
    stills ? fps : 0,
    version,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function canonicalTarget({ id, label, start, box, units, backwards }: BatchTarget): unknown[] {
  return [id, label ?? null, 'frame' in start ? start.frame : `${start.seconds}s`, box, units, backwards];
}

/** The version that results depend on. */
export const programVersion = packageVersion;
