import { readFile } from 'node:fs/promises';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { InvalidArgumentError } from '../common/index.js';
import { decodeOnnx, encodeOnnx, type Graph, PRODUCER } from '../onnx/index.js';
import { COLOURS, CUT_INPUTS, PLACES, SHARES, STEPS, withCuts } from './cut-graph.js';
import { cutTables } from './cut-tables.js';
import type { PictureCrop } from './cutout.js';
import type { ModelManifest } from './manifest.js';
import { OrtGraph, run } from './ort-graph.js';

/** An encoder in ONNX Runtime that cuts its crops itself, from samples of the pictures. Its session is made when first asked for. */
export class OrtCutter {
  readonly #make: () => Promise<OrtGraph>;
  readonly #output: string;
  #graph: Promise<OrtGraph> | undefined;

  private constructor(make: () => Promise<OrtGraph>, output: string) {
    this.#make = make;
    this.#output = output;
  }

  /** Undefined for an encoder that siamtrack did not write: it may hold what is not read of a file, such as other operator sets. */
  static async load(
    { encoder }: ModelManifest,
    path: string,
    session: InferenceSession.SessionOptions,
    perShape: boolean,
  ): Promise<OrtCutter | undefined> {
    let graph: Graph;
    try {
      graph = decodeOnnx(await readFile(path));
    } catch {
      return undefined;
    }
    if (graph.producer !== PRODUCER) return undefined;
    const bytes = () => encodeOnnx(withCuts(graph, encoder.input));
    return new OrtCutter(() => OrtGraph.of(bytes(), session, perShape), encoder.output);
  }

  /**
   * Embeds crops of `size` x `size`, with room for `room` of them.
   * @throws InvalidArgumentError for a crop that cannot be cut; SiamtrackError `ENGINE_FAILED`
   */
  async embed(
    crops: readonly PictureCrop[],
    size: number,
    room: number,
  ): Promise<{ output: Tensor; cropMs: number; encodeMs: number }> {
    const start = performance.now();
    const feeds = feedsOf(crops, size, room);
    const laid = performance.now();
    this.#graph ??= this.#make();
    const session = await (await this.#graph).sessionFor(`${room}x${size}`, feeds);
    const ready = performance.now();
    const { [this.#output]: output } = await run(session, feeds);
    return { output, cropMs: laid - start, encodeMs: performance.now() - ready };
  }

  async release(): Promise<void> {
    await (await this.#graph?.catch(() => undefined))?.release();
  }
}

function feedsOf(crops: readonly PictureCrop[], size: number, room: number): InferenceSession.FeedsType {
  const tables = cutTables(crops, size, room);
  if (!tables) throw new InvalidArgumentError('crop', 'a finite centre and a side > 0', 'one that is not');
  const { samples, places, steps, shares, colours } = tables;
  return {
    [CUT_INPUTS.samples]: new Tensor('uint8', samples, [samples.length]),
    [CUT_INPUTS.places]: new Tensor('int32', places, [room, PLACES.length, size]),
    [CUT_INPUTS.steps]: new Tensor('int32', steps, [room, STEPS.length]),
    [CUT_INPUTS.shares]: new Tensor('float32', shares, [room, SHARES.length, size]),
    [CUT_INPUTS.colours]: new Tensor('float32', colours, [room, 3, COLOURS.length]),
  };
}
