import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { maskTemplate } from '../model/index.js';
import { type BoxHead, type ModelManifest, parseManifest } from '../model/manifest.js';
import { shade } from './data/augment.js';
import type { TemplateTruth } from './data/pairs.js';

/** A template crop, interleaved RGB floats 0..255 of the manifest's crop size, and the target in it. */
export interface Template {
  readonly crop: Float32Array;
  readonly of: TemplateTruth;
}

/** What a teacher says of one pair; maps are planar. */
export interface Lesson {
  /** `[channels, T, T]` and `[channels, S, S]`. */
  readonly template: Float32Array;
  readonly search: Float32Array;
  /** Probability per grid cell, `[G, G]`. */
  readonly score: Float32Array;
  /** Left, top, right, bottom in search pixels, `[4, G, G]`. */
  readonly box: Float32Array;
}

/** A trained model with a box head whose embeddings, scores and boxes a student learns from (Hinton 2015). */
export class Teacher {
  readonly manifest: ModelManifest;
  readonly #encoder: InferenceSession;
  readonly #head: InferenceSession;

  private constructor(manifest: ModelManifest, encoder: InferenceSession, head: InferenceSession) {
    this.manifest = manifest;
    this.#encoder = encoder;
    this.#head = head;
  }

  /**
   * @param folder holds `model.json`
   * @param weights folder the manifest's files are in, where that is another one
   */
  static async load(folder: string, weights = folder): Promise<Teacher> {
    const file = join(folder, 'model.json');
    const manifest = parseManifest(JSON.parse(await readFile(file, 'utf8')), file);
    const { encoder, head } = manifest.files.float32;
    if (!head || manifest.head.kind !== 'box') throw new Error(`${file}: a teacher needs a box head.`);
    const options = {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
    } as const;
    return new Teacher(
      manifest,
      await InferenceSession.create(join(weights, encoder.path), options),
      await InferenceSession.create(join(weights, head.path), options),
    );
  }

  /**
   * @param search interleaved RGB floats 0..255 of the manifest's crop size
   * @param turned the template that it looks for instead, where the target is turned in the search crop
   */
  async teach(template: Template, search: Float32Array, turned?: Template): Promise<Lesson> {
    const { input } = this.manifest;
    const z = await this.#embed(this.#shaded(template), input.template);
    const x = await this.#embed(search, input.search);
    const head = this.manifest.head as BoxHead;
    const sought = turned ? await this.#embed(this.#shaded(turned), input.template) : z;
    const { of } = turned ?? template;
    const out = await this.#head.run({ [head.template]: this.#masked(sought, of), [head.search]: x });
    const box = out[head.box.output].data as Float32Array;
    return {
      template: z.data as Float32Array,
      search: x.data as Float32Array,
      score: probabilities(head, out[head.score.output].data as Float32Array),
      box,
    };
  }

  #shaded({ crop, of }: Template): Float32Array {
    const { templateShade, template: size } = this.manifest.input;
    if (!templateShade) return crop;
    const data = Float32Array.from(crop);
    shade({ data, at: 0, size }, templateShade, of);
    return data;
  }

  #masked(template: Tensor, of: TemplateTruth): Tensor {
    const { head, stride, contextAmount, input } = this.manifest;
    const mask = (head as BoxHead).templateMask;
    if (!mask) return template;
    const [, channels, side] = template.dims;
    const embedding = { data: template.data as Float32Array, channels, side };
    const crop = { stride, contextAmount, template: input.template };
    return new Tensor(
      'float32',
      maskTemplate(embedding, mask, { w: of.width, h: of.height }, crop).data,
      template.dims,
    );
  }

  async #embed(crop: Float32Array, size: number): Promise<Tensor> {
    const { channelOrder, normalisation } = this.manifest.input;
    const plane = size * size;
    const planar = new Float32Array(3 * plane);
    for (let c = 0; c < 3; c++) {
      const from = channelOrder === 'RGB' ? c : 2 - c;
      const { scale, mean, std } = normalisation;
      const factor = scale / std[c];
      const shift = mean[c] / std[c];
      for (let p = 0, i = from, o = c * plane; p < plane; p++, i += 3)
        planar[o + p] = crop[i] * factor - shift;
    }
    const { input, output } = this.manifest.encoder;
    return (await this.#encoder.run({ [input]: new Tensor('float32', planar, [1, 3, size, size]) }))[output];
  }
}

function probabilities(head: BoxHead, raw: Float32Array): Float32Array {
  if (head.score.kind === 'sigmoid') return raw;
  if (head.score.kind === 'logit') return raw.map((v) => 1 / (1 + Math.exp(-v)));
  const cells = raw.length / 2;
  return Float32Array.from({ length: cells }, (_, i) => 1 / (1 + Math.exp(raw[i] - raw[cells + i])));
}
