import { extname } from 'node:path';
import { type I420Picture, InvalidArgumentError } from '../common/index.js';
import { annotate } from './annotate.js';
import type { MessageFrame, MessageTarget } from './box-message.js';
import { H264Encoder } from './encoder.js';
import { OutputError } from './error.js';
import { openPartFile, type PartFile } from './part-file.js';

const CONTAINERS = ['.mp4', '.m4v', '.mov', '.mkv'];
const LONGEST_GAP_S = 10;

/**
 * Renders targets into a video. Its rate is constant: each picture is shown from its pts until the next one's, to the nearest
 * `1 / fps`; pictures closer together than that replace one another, a gap of more than 10 s (or a step back) becomes one picture.
 *
 * @example
 * const preview = await PreviewWriter.open('out.mp4', { fps: 25 });
 * await preview.write(frame, targets);
 * await preview.close();
 */
export class PreviewWriter {
  readonly #file: string;
  readonly #part: PartFile;
  readonly #fps: number;
  readonly #colours = new Map<string, number>();
  #canvas: I420Picture | null = null;
  #planes = new Uint8Array(0);
  #encoder: H264Encoder | null = null;
  /** Which picture of the output the canvas is for, and at which pts number 0 was. */
  #slot = 0;
  #origin = 0;
  #lastPts = 0;

  private constructor(file: string, part: PartFile, fps: number) {
    this.#file = file;
    this.#part = part;
    this.#fps = fps;
  }

  /**
   * @param file ends in .mp4, .m4v, .mov or .mkv; it appears whole when the writer is closed
   * @param options.fps pictures per second of the output
   */
  static async open(file: string, { fps }: { readonly fps: number }): Promise<PreviewWriter> {
    if (!CONTAINERS.includes(extname(file).toLowerCase())) {
      throw new InvalidArgumentError('preview', `a file name ending in ${CONTAINERS.join(', ')}`, file);
    }
    if (!(fps > 0 && Number.isFinite(fps))) throw new InvalidArgumentError('fps', 'more than 0', fps);
    return new PreviewWriter(file, await openPartFile(file), fps);
  }

  /**
   * Draws one frame; `frame` itself is not changed and may be released afterwards. Resolves when there is room for more.
   *
   * @throws {OutputError} where ffmpeg fails or the frame's size is not the first one's
   */
  async write(frame: I420Picture & MessageFrame, targets: readonly MessageTarget[]): Promise<void> {
    if (!this.#canvas) this.#start(frame);
    else await this.#advance(frame.pts);
    this.#lastPts = frame.pts;
    this.#paint(frame);
    annotate(this.#canvas!, targets, (id) => this.#colourOf(id));
  }

  /** Ends the video and puts it in its place; without a single frame there will be no file. */
  async close(): Promise<void> {
    try {
      if (!this.#encoder) return await this.#part.discard();
      await this.#encoder.write(this.#planes);
      await this.#encoder.close();
    } catch (error) {
      await this.abort();
      throw error;
    }
    await this.#part.finish();
  }

  /** Gives up and leaves no trace. */
  async abort(): Promise<void> {
    await this.#encoder?.kill();
    await this.#part.discard();
  }

  #start(frame: I420Picture & MessageFrame): void {
    const { width, height, range, matrix } = frame;
    const luma = width * height;
    const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
    this.#planes = new Uint8Array(luma + 2 * chroma);
    const y = this.#planes.subarray(0, luma);
    const u = this.#planes.subarray(luma, luma + chroma);
    const v = this.#planes.subarray(luma + chroma);
    this.#canvas = { width, height, y, u, v, range, matrix };
    this.#encoder = new H264Encoder(this.#file, this.#part.path, this.#canvas, this.#fps);
    this.#origin = frame.pts;
  }

  /** Emits the canvas as often as it is to be seen until `pts`. */
  async #advance(pts: number): Promise<void> {
    let next = Math.round((pts - this.#origin) * this.#fps);
    if (pts < this.#lastPts || pts - this.#lastPts > LONGEST_GAP_S) {
      next = this.#slot + 1;
      this.#origin = pts - next / this.#fps;
    }
    for (; this.#slot < next; this.#slot++) await this.#encoder!.write(this.#planes.slice());
  }

  #paint(frame: I420Picture): void {
    const canvas = this.#canvas!;
    if (frame.width !== canvas.width || frame.height !== canvas.height) {
      const sizes = `${frame.width}x${frame.height} after ${canvas.width}x${canvas.height}`;
      throw new OutputError(this.#file, `a frame of ${sizes}; a video has one size`);
    }
    canvas.y.set(frame.y);
    canvas.u.set(frame.u);
    canvas.v.set(frame.v);
  }

  #colourOf(id: string): number {
    const known = this.#colours.get(id);
    if (known !== undefined) return known;
    this.#colours.set(id, this.#colours.size);
    return this.#colours.size - 1;
  }
}
