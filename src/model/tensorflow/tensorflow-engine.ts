import { readFile } from 'node:fs/promises';
import type { Tensor } from '@tensorflow/tfjs-core';
import { decodeOnnx } from '../../onnx/index.js';
import { loadTensorFlow, type TensorFlow } from '../../tensorflow/index.js';
import type { Embedding, EncodeResult, Engine, EngineDescription, RespondResult } from '../engine.js';
import type { EngineSetup } from '../engine-setup.js';
import { ModelError, type ModelManifest } from '../manifest.js';
import { asEngineError, GraphRunner } from './graph-runner.js';

interface Native {
  readonly binding: { readonly TF_Version: string };
  readonly isUsingGpuDevice: boolean;
}

/**
 * TensorFlow in this thread, where JavaScript waits while it computes; on a GPU where the installed TensorFlow has one.
 * It runs the ONNX files of a model folder: float32, of the operations `GraphRunner` knows.
 */
export class TensorFlowEngine implements Engine {
  readonly depth = 1;
  readonly blocks = true;
  readonly description: EngineDescription;
  readonly #tf: TensorFlow;
  readonly #manifest: ModelManifest;
  readonly #encoder: GraphRunner;
  readonly #head: GraphRunner | undefined;

  private constructor(
    tf: TensorFlow,
    manifest: ModelManifest,
    encoder: GraphRunner,
    head: GraphRunner | undefined,
    threads: number,
  ) {
    this.#tf = tf;
    this.#manifest = manifest;
    this.#encoder = encoder;
    this.#head = head;
    const { binding, isUsingGpuDevice } = tf.backend() as object as Native;
    const device = isUsingGpuDevice ? 'gpu' : 'cpu';
    this.description = { runtime: `tensorflow ${binding.TF_Version}`, device, threads, precision: 'float32' };
  }

  /** @throws SiamtrackError `TENSORFLOW_MISSING`, `TENSORFLOW_BROKEN`, `ONNX_INVALID`; ModelError `MODEL_INVALID` */
  static async create({ manifest, paths, precision, threads }: EngineSetup): Promise<TensorFlowEngine> {
    if (precision !== 'float32')
      throw new ModelError(
        'MODEL_INVALID',
        `${manifest.name}: the TensorFlow engine expects float32 weights, got ${precision}`,
      );
    const tf = await loadTensorFlow({ threads });
    const load = async (path: string) => new GraphRunner(tf, decodeOnnx(await readFile(path)));
    const encoder = await load(paths.encoder);
    const head = paths.head === undefined ? undefined : await load(paths.head);
    return new TensorFlowEngine(tf, manifest, encoder, head, threads);
  }

  async encode(crops: Float32Array, count: number, size: number): Promise<EncodeResult> {
    const start = performance.now();
    const tensor = this.#compute(() => this.#embed(crops, count, size));
    const [, channels, side] = tensor.shape;
    const data = tensor.dataSync<'float32'>();
    tensor.dispose();
    return { crops, embeddings: { data, count, channels, side }, encodeMs: performance.now() - start };
  }

  async respond(
    crops: Float32Array,
    count: number,
    size: number,
    templates: readonly Embedding[],
  ): Promise<RespondResult> {
    const { head } = this.#manifest;
    const runner = this.#head;
    if (!runner || head.kind !== 'box') throw new Error(`Model ${this.#manifest.name} has no box head.`);
    const start = performance.now();
    let embedded = start;
    const { search, score, box } = this.#compute(() => {
      const search = this.#embed(crops, count, size);
      embedded = performance.now();
      const out = runner.run({ [head.template]: this.#templates(templates), [head.search]: search });
      return { search, score: out[head.score.output], box: out[head.box.output] };
    });
    const maps = { score: score.dataSync<'float32'>(), box: box.dataSync<'float32'>() };
    const [, channels, side] = search.shape;
    const embeddings = { data: search.dataSync<'float32'>(), count, channels, side };
    this.#tf.dispose([search, score, box]);
    return { crops, embeddings, maps, encodeMs: embedded - start, headMs: performance.now() - embedded };
  }

  async dispose(): Promise<void> {
    this.#encoder.dispose();
    this.#head?.dispose();
  }

  #embed(crops: Float32Array, count: number, size: number): Tensor {
    const { input, output } = this.#manifest.encoder;
    const data = crops.subarray(0, count * 3 * size * size);
    return this.#encoder.run({ [input]: this.#tf.tensor(data, [count, 3, size, size]) })[output];
  }

  #templates(templates: readonly Embedding[]): Tensor {
    const { channels, side } = templates[0];
    const each = templates.map(({ data }) => this.#tf.tensor(data, [1, channels, side, side]));
    return each.length === 1 ? each[0] : this.#tf.concat(each, 0);
  }

  #compute<T extends Tensor | Record<string, Tensor>>(compute: () => T): T {
    try {
      return this.#tf.tidy(compute);
    } catch (cause) {
      throw asEngineError(cause);
    }
  }
}
