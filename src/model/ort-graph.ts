import { readFile } from 'node:fs/promises';
import { InferenceSession } from 'onnxruntime-node';
import { SiamtrackError } from '../common/index.js';

type Feeds = InferenceSession.FeedsType;
type Make = () => Promise<InferenceSession>;

/**
 * A graph in ONNX Runtime: one session for all calls, or one for each shape of its inputs. The latter is for providers
 * that plan for a shape: a convolution on CUDA keeps its cuDNN plan of the last shape only and builds another
 * whenever a call's shape is not that of the call before, which takes tens of times as long as the call.
 */
export class OrtGraph {
  readonly #make: Make;
  readonly #perShape: boolean;
  /** Has run nothing yet, or all. */
  #first: InferenceSession | undefined;
  readonly #sessions = new Map<string, InferenceSession>();

  private constructor(make: Make, first: InferenceSession, perShape: boolean) {
    this.#make = make;
    this.#first = first;
    this.#perShape = perShape;
  }

  static async load(
    path: string,
    options: InferenceSession.SessionOptions,
    perShape: boolean,
  ): Promise<OrtGraph> {
    // Read once: the file may be gone, or another one, when a later session is made.
    if (perShape) return OrtGraph.of(await readFile(path), options, true);
    const make = () => InferenceSession.create(path, options);
    return new OrtGraph(make, await make(), perShape);
  }

  /** The same of a file's bytes. */
  static async of(
    content: Uint8Array,
    options: InferenceSession.SessionOptions,
    perShape: boolean,
  ): Promise<OrtGraph> {
    const make = () => InferenceSession.create(content, options);
    return new OrtGraph(make, await make(), perShape);
  }

  /** The session for a shape. Where it is a new one it has run once, so that it has planned. */
  async sessionFor(shape: string, feeds: Feeds): Promise<InferenceSession> {
    const known = this.#perShape ? this.#sessions.get(shape) : this.#first;
    if (known) return known;
    // One that fails is kept for the next shape.
    this.#first ??= await this.#make();
    const session = this.#first;
    await run(session, feeds);
    this.#first = undefined;
    this.#sessions.set(shape, session);
    return session;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    await this.#first?.release();
  }
}

/** Runs a session. @throws SiamtrackError `ENGINE_FAILED` with what ONNX Runtime says */
export async function run(
  session: InferenceSession,
  feeds: Feeds,
  fetches?: InferenceSession.FetchesType,
): Promise<InferenceSession.ReturnType> {
  try {
    return await (fetches ? session.run(feeds, fetches) : session.run(feeds));
  } catch (cause) {
    throw new SiamtrackError('ENGINE_FAILED', `ONNX Runtime: ${(cause as Error).message}`, { cause });
  }
}
