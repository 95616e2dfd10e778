import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Embedding, type ModelManifest, maskTemplate, parseManifest } from '../model/index.js';
import { encodeOnnx, type Graph } from '../onnx/index.js';
import { type Checkpoint, CheckpointError, writeCheckpoint } from './checkpoint.js';
import type { TrainConfig } from './config.js';
import type { PairTruth } from './data/pairs.js';
import type { Grid } from './labels.js';
import { PIXEL_MEAN, PIXEL_SCALE } from './network.js';
import { cellsOf, layersOf, networkSchema, strideOf } from './network-spec.js';
import { calibrate } from './onnx/calibrate.js';
import { encoderGraph, headGraph, NAMES, type NamedArrays } from './onnx/graph.js';
import { mergeConvolutions } from './onnx/merge.js';
import { quantise } from './onnx/quantise.js';
import { roundFilters } from './onnx/round.js';
import type { GraphInputs } from './onnx/watch.js';
import { fitResponseScore, type ResponseScore } from './response-score.js';

/** What a manifest says that a checkpoint does not know. */
export interface ExportDetails {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly trainingData: string;
  readonly tracker: Pick<ModelManifest['tracker'], 'windowInfluence' | 'penaltyK' | 'sizeSmoothing'>;
}

/** The weights as they were trained, beside the graphs, in which batch norm is folded away. */
export const TRAINING_FILE = 'training.ckpt';

/** Most crops in one call of an exported graph; the graphs themselves take any number. */
const LARGEST_BATCH = 16;

/** How many cells fewer or more than usual the other search crops of a model have along each side. */
const OTHER_SEARCHES = [-4, -2, 4];

/** Those of them that a template fits into. */
function otherSearches(input: TrainConfig['input'], { cells, stride }: Grid) {
  return OTHER_SEARCHES.map((more) => ({
    side: input.search + more * stride,
    grid: { size: cells + more, offset: (-(cells + more) / 2) * stride },
  })).filter(({ side }) => side > input.template);
}

/** Weights (the running average) and statistics of a checkpoint, by name. */
export function namedArrays(checkpoint: Checkpoint, which: 'average' | 'weights' = 'average'): NamedArrays {
  const { spec, templateCells } = shapeOf(checkpoint);
  const { encoder, head } = layersOf(spec, templateCells);
  const flat = checkpoint.arrays[which];
  const out: Record<string, Float32Array> = {};
  let at = 0;
  const take = (name: string, size: number) => {
    out[name] = flat.subarray(at, at + size);
    at += size;
  };
  for (const layer of [...encoder, ...head]) {
    take(`${layer.name}.filter`, layer.kernel ** 2 * layer.inChannels * layer.outChannels);
    for (const vector of layer.norm ? ['scale', 'offset'] : ['bias'])
      take(`${layer.name}.${vector}`, layer.outChannels);
    if (!layer.norm) continue;
    out[`${layer.name}.mean`] = checkpoint.arrays[`${layer.name}.mean`];
    out[`${layer.name}.variance`] = checkpoint.arrays[`${layer.name}.variance`];
  }
  if (at !== flat.length)
    throw new CheckpointError(
      'TRAIN_CHECKPOINT',
      `expected ${at} weights for this network, got ${flat.length}`,
    );
  return out;
}

/** The network and crop sizes a checkpoint was trained with. */
export function shapeOf(checkpoint: Checkpoint) {
  const spec = networkSchema.parse(checkpoint.header.network);
  const input = checkpoint.header.input as TrainConfig['input'];
  return {
    spec,
    input,
    templateCells: cellsOf(spec, input.template),
    searchCells: cellsOf(spec, input.search),
  };
}

/** Pairs of crops to calibrate 8-bit weights and a plain response's score on: interleaved RGB 0..255, crop after crop. */
export interface CalibrationCrops {
  readonly templates: Float32Array;
  readonly searches: Float32Array;
  /** Where the target is in each search crop; without it a plain response keeps the gain and bias it was trained with. */
  readonly truths?: readonly PairTruth[];
  readonly count: number;
}

/** The last layers of the head decide the box to a fraction of a pixel and cost little: they stay in float32. */
const LAST_LAYERS = new Set(['head.score.filter', 'head.box.filter']);
const LAST_LAYER = 'head.last.filter';
const IN_FLOAT = new Set([LAST_LAYER]);

/** Calibration crops as the graphs take them. */
interface GraphCrops {
  /** Inputs of the encoder. */
  readonly templates: readonly GraphInputs[];
  readonly searches: readonly GraphInputs[];
  /** Their embeddings, the inputs of the head. */
  readonly pairs: readonly GraphInputs[];
}

async function graphCrops(
  encoder: Graph,
  crops: CalibrationCrops,
  masked: (template: GraphInputs[string], of: PairTruth | undefined) => GraphInputs[string],
): Promise<GraphCrops> {
  const inputs = (data: Float32Array) => {
    const each = data.length / crops.count;
    const size = Math.sqrt(each / 3);
    return Array.from({ length: crops.count }, (_, k) => ({
      [NAMES.input]: { data: planar(data.subarray(k * each, (k + 1) * each)), dims: [1, 3, size, size] },
    }));
  };
  const [templates, searches] = [inputs(crops.templates), inputs(crops.searches)];
  const session = await InferenceSession.create(encodeOnnx(encoder));
  const embed = async (input: GraphInputs) => {
    const { data, dims } = input[NAMES.input];
    const out = (await session.run({ [NAMES.input]: new Tensor('float32', data, dims) }))[NAMES.embedding];
    return { data: out.data as Float32Array, dims: out.dims };
  };
  const pairs: GraphInputs[] = [];
  for (const [k, search] of searches.entries()) {
    const template = masked(await embed(templates[k]), crops.truths?.[k]);
    pairs.push({ [NAMES.template]: template, [NAMES.search]: await embed(search) });
  }
  await session.release();
  return { templates, searches, pairs };
}

/** The graphs with 8-bit weights. */
async function quantisedGraphs(encoder: Graph, head: Graph | undefined, crops: GraphCrops) {
  const { templates, searches, pairs } = crops;
  const merged = head && mergeConvolutions(head, LAST_LAYERS, LAST_LAYER);
  const whole = async (graph: Graph, inputs: readonly GraphInputs[], inFloat?: ReadonlySet<string>) => {
    const ranges = await calibrate(graph, inputs, inFloat);
    return encodeOnnx(quantise(graph, ranges, inFloat, await roundFilters(graph, inputs, inFloat)));
  };
  return {
    encoder: await whole(encoder, [...templates, ...searches]),
    head: merged && (await whole(merged, pairs, IN_FLOAT)),
  };
}

/** The gain and bias of a plain response, which is a sum on export: fitted to crops whose truth is known, else as trained. */
function responseScore(
  arrays: NamedArrays,
  templateCells: number,
  search: Grid,
  pairs: readonly GraphInputs[],
  truths: readonly PairTruth[] = [],
): ResponseScore {
  const embedding = ({ data, dims }: GraphInputs[string]): Embedding => ({
    data,
    channels: dims[1],
    side: dims[2],
  });
  const known = pairs.slice(0, truths.length).map((pair, k) => ({
    template: embedding(pair[NAMES.template]),
    search: embedding(pair[NAMES.search]),
    truth: truths[k],
  }));
  if (known.length > 0) return fitResponseScore(known, search);
  const [gain] = arrays['head.response.filter'];
  const [bias] = arrays['head.response.bias'];
  const values = templateCells ** 2 * arrays['encoder.out.bias'].length;
  return { gain: gain / values, bias };
}

/** Interleaved RGB 0..255 to normalised planes. */
function planar(crop: Float32Array): Float32Array {
  const plane = crop.length / 3;
  const out = new Float32Array(crop.length);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) out[c * plane + i] = (crop[i * 3 + c] - PIXEL_MEAN) / PIXEL_SCALE;
  }
  return out;
}

/** What fine-tuning needs of a checkpoint: averaged weights and statistics, without the optimiser's memory. */
function trainingWeights({ header, arrays }: Checkpoint): Checkpoint {
  const kept = Object.entries(arrays).filter(
    ([name]) => name === 'average' || /\.(mean|variance)$/.test(name),
  );
  const { name, network, input, step } = header;
  return { header: { name, network, input, step }, arrays: Object.fromEntries(kept) };
}

/**
 * Writes a model folder: `model.json`, `encoder.onnx`, `head.onnx` (none for plain SiamFC) and the weights as trained. Returns the
 * manifest.
 */
export async function exportModel(
  checkpoint: Checkpoint,
  folder: string,
  details: ExportDetails,
  calibration?: CalibrationCrops,
): Promise<ModelManifest> {
  const { spec, input, templateCells, searchCells } = shapeOf(checkpoint);
  const arrays = namedArrays(checkpoint);
  await mkdir(folder, { recursive: true });
  const write = async (path: string, content: Uint8Array) => {
    await writeFile(join(folder, path), content);
    return { path, sha256: createHash('sha256').update(content).digest('hex') };
  };
  const stride = strideOf(spec);
  const grid: Grid = { cells: searchCells, stride, offset: (-searchCells / 2) * stride };
  const encoder = encoderGraph(spec, arrays);
  const head = spec.head === 'response' ? undefined : headGraph(spec, arrays, templateCells);
  const masked = (template: GraphInputs[string], of: PairTruth | undefined) => {
    const { templateMask, contextAmount, template: size } = input;
    if (!templateMask || !of) return template;
    const { width: w, height: h } = of.template;
    const whole = { data: template.data, channels: template.dims[1], side: template.dims[2] };
    const { data } = maskTemplate(whole, templateMask, { w, h }, { stride, contextAmount, template: size });
    return { ...template, data };
  };
  const crops = calibration && (await graphCrops(encoder, calibration, masked));
  const quantised = crops && (await quantisedGraphs(encoder, head, crops));
  const files = async (suffix: string, encoder: Uint8Array, head: Uint8Array | undefined) => ({
    encoder: await write(`encoder${suffix}.onnx`, encoder),
    ...(head && { head: await write(`head${suffix}.onnx`, head) }),
  });
  const manifest = {
    format: 1,
    ...details,
    input: {
      template: input.template,
      search: input.search,
      ...(input.templateShade && { templateShade: input.templateShade }),
      channelOrder: 'RGB',
      normalisation: {
        scale: 1,
        mean: [PIXEL_MEAN, PIXEL_MEAN, PIXEL_MEAN],
        std: [PIXEL_SCALE, PIXEL_SCALE, PIXEL_SCALE],
      },
    },
    stride,
    contextAmount: input.contextAmount,
    largestBatch: LARGEST_BATCH,
    encoder: { input: NAMES.input, output: NAMES.embedding },
    head: head
      ? {
          kind: 'box',
          template: NAMES.template,
          search: NAMES.search,
          score: { output: NAMES.score, kind: 'logit' },
          box: { output: NAMES.box, kind: 'ltrb' },
          grid: { size: grid.cells, offset: grid.offset },
          otherSearches: otherSearches(input, grid),
          ...(input.templateMask && { templateMask: input.templateMask }),
        }
      : {
          kind: 'siamfc',
          ...responseScore(arrays, templateCells, grid, crops?.pairs ?? [], calibration?.truths),
        },
    files: {
      float32: await files('', encodeOnnx(encoder), head && encodeOnnx(head)),
      ...(quantised && { int8: await files('.int8', quantised.encoder, quantised.head) }),
    },
  };
  await writeFile(join(folder, 'model.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeCheckpoint(join(folder, TRAINING_FILE), trainingWeights(checkpoint));
  return parseManifest(manifest, join(folder, 'model.json'));
}
