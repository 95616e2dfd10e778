import type { PictureCrop } from './cutout.js';

/** What an engine is, for logs, `doctor` and benches. */
export interface EngineDescription {
  /** Software that computes: `onnxruntime 1.30.0`, `tensorflow 2.21.0`. */
  readonly runtime: string;
  /** Where: `cpu`, `gpu`, `cuda`, `webgpu`, ... */
  readonly device: string;
  /** Threads it computes on. */
  readonly threads: number;
  readonly precision: 'float32' | 'int8';
  /** The device passes for a GPU and is a program on the processor: right numbers, at a hundredth of the speed. */
  readonly software?: boolean;
}

/** Embeddings of a batch, planar: `count` times `channels` x `side` x `side`. */
export interface Embeddings {
  readonly data: Float32Array;
  readonly count: number;
  readonly channels: number;
  readonly side: number;
}

/** Embedding of one crop. */
export type Embedding = Omit<Embeddings, 'count'>;

/** What the head says of a batch of search regions, undecoded: per crop its score map(s), then its box maps. */
export interface HeadMaps {
  readonly score: Float32Array;
  readonly box: Float32Array;
}

/** What is known of one search region: its embedding, and what the head says of it. */
export interface Responded extends HeadMaps {
  readonly embedding: Embedding;
}

/** Outcome of one engine call, with the crop buffer handed back (possibly moved to other memory). */
export interface EncodeResult {
  readonly crops: Float32Array;
  readonly embeddings: Embeddings;
  readonly encodeMs: number;
}
export interface RespondResult {
  readonly crops: Float32Array;
  /** Of the search regions. */
  readonly embeddings: Embeddings;
  readonly maps: HeadMaps;
  readonly encodeMs: number;
  readonly headMs: number;
}

/** The same where the engine cut the crops. */
export type CutResult = { readonly cropMs: number; readonly encodeMs: number } & (
  | { readonly embeddings: Embeddings; readonly maps?: undefined }
  | { readonly embeddings: Embeddings; readonly maps: HeadMaps; readonly headMs: number }
);

/**
 * Who works on each crop of a call that others may take part in, in shared memory: 0 nobody yet, 1 the engine,
 * 2 somebody else. Set by compare-and-exchange from 0, never changed again.
 */
export type Claims = Int32Array;
export const UNCLAIMED = 0;
export const CLAIMED_BY_ENGINE = 1;
export const CLAIMED_BY_OTHERS = 2;

/** How a call is shared with others. */
export interface Sharing {
  readonly claims: Claims;
  /** Told of each crop that the engine did, as soon as it is done, first to last. */
  readonly onCrop: (index: number, result: CutResult) => void;
}

/**
 * One place that computes a loaded model. It answers calls in order. `crops` holds `count` planar crops of
 * `size` x `size`, may be longer than that, and belongs to the engine until the promise settles; a call that
 * rejects may have lost it.
 */
export interface Engine {
  readonly description: EngineDescription;
  /** Calls it takes at once, to be worked off in order: 2 where the next one's crops can be cut meanwhile. */
  readonly depth: number;
  /** It computes on the calling thread, where JavaScript waits meanwhile. */
  readonly blocks: boolean;
  /** A batch takes it as long as its crops one by one, and `cut` heeds `sharing`: work can be taken back from it. */
  readonly shares?: boolean;
  /** Embeds a batch of crops. */
  encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult>;
  /** Embeds a batch of search regions and runs the head on each with its own template. */
  respond(
    crops: Float32Array,
    count: number,
    size: number,
    templates: readonly Embedding[],
  ): Promise<RespondResult>;
  /**
   * Cuts a batch of crops of `size` x `size` itself, then embeds them, or with `templates` responds to them. There
   * where cutting elsewhere is cheaper: beside the network, in its thread. With `sharing` it claims each crop before it
   * begins, first to last, until one is claimed by others; the results come one by one, and the last one is empty.
   */
  cut?(
    crops: readonly PictureCrop[],
    size: number,
    templates?: readonly Embedding[],
    sharing?: Sharing,
  ): Promise<CutResult | undefined>;
  dispose(): Promise<void>;
}
