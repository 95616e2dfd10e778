import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ResultFormat } from '../formats/index.js';
import { TrackingConfig } from '../tracker/index.js';
import { hidden } from './address.js';
import { BatchError } from './errors.js';
import { IdentityCache } from './identity.js';
import type { BatchInput } from './inputs.js';
import { type BatchJob, programVersion } from './job.js';
import type { BatchTarget } from './target.js';

/** What all jobs of a batch have in common. */
export interface BatchSettings {
  /** Folder of results; made where it is missing. */
  readonly out: string;
  /** Besides JSON lines, which are always written. Default: none. */
  readonly formats?: readonly ResultFormat[];
  /** Whether to render each video with its boxes, as `NAME.boxes.mp4`. Default false. */
  readonly video?: boolean;
  /** How targets are followed. Default: with everything on. */
  readonly tracking?: Partial<TrackingConfig>;
  /** Frames per second of stills. Default 25. */
  readonly fps?: number;
  /** Frames between checkpoints. Default 100. */
  readonly checkpointFrames?: number;
  /** Most bytes of decoded frames on the disk while following backwards. Default 2 GiB. */
  readonly reverseBytes?: number;
}

/** Makes jobs of inputs. */
export class JobPlanner {
  readonly #settings: BatchSettings;
  readonly #model: BatchJob['model'];
  readonly #targets: ReadonlyMap<BatchInput, readonly BatchTarget[]>;
  readonly #identities: IdentityCache;

  private constructor(
    settings: BatchSettings,
    model: BatchJob['model'],
    targets: ReadonlyMap<BatchInput, readonly BatchTarget[]>,
    identities: IdentityCache,
  ) {
    this.#settings = settings;
    this.#model = model;
    this.#targets = targets;
    this.#identities = identities;
  }

  static async open(
    settings: BatchSettings,
    model: BatchJob['model'],
    targets: ReadonlyMap<BatchInput, readonly BatchTarget[]>,
  ): Promise<JobPlanner> {
    const identities = await IdentityCache.open(join(settings.out, '.siamtrack', 'inputs.json'));
    return new JobPlanner(settings, model, targets, identities);
  }

  /** @throws {BatchError} `NO_TARGETS`, or `INPUT_CHANGED` where the input cannot be read */
  async job(input: BatchInput, signal?: AbortSignal): Promise<BatchJob> {
    const targets = this.#targets.get(input);
    if (!targets)
      throw new BatchError(
        'NO_TARGETS',
        `${hidden(input.location)}: expected a target in the targets file, got none`,
      );
    const identity = await this.#identities.identify(input, signal);
    await this.#identities.save();
    const {
      out,
      formats = [],
      video = false,
      tracking = {},
      fps = 25,
      checkpointFrames = 100,
      reverseBytes = 2 ** 31,
    } = this.#settings;
    return {
      format: 1,
      name: input.name,
      input: { location: input.location, kind: input.kind, ...identity },
      targets: [...targets],
      model: this.#model,
      tracking: TrackingConfig.parse(tracking),
      fps,
      version: programVersion(),
      out: resolve(out),
      formats: [...formats],
      video,
      checkpointFrames,
      reverseBytes,
    };
  }
}

/** Makes the output folder. @throws {BatchError} `STATE_FAILED` where it cannot be, or is no folder */
export async function prepareOut(out: string): Promise<void> {
  try {
    await mkdir(join(out, '.siamtrack'), { recursive: true });
    if (!(await stat(out)).isDirectory()) throw new Error('a file');
  } catch (cause) {
    throw new BatchError(
      'STATE_FAILED',
      `${out}: expected an output folder that can be written to, got ${(cause as Error).message}`,
      { cause },
    );
  }
}
