import { z } from 'zod';

/**
 * One stage of the encoder. Every convolution has batch norm and ReLU; a residual block is two convolutions
 * (`channels -> middle -> channels`) with the input added before the last ReLU (He 2016, figure 2).
 */
export const stageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('conv'),
    channels: z.int().positive(),
    kernel: z
      .int()
      .positive()
      .refine((k) => k % 2 === 1, { message: 'expected an odd number' })
      .default(3),
    stride: z.int().positive().default(1),
  }),
  z.object({ kind: z.literal('residual'), middle: z.int().positive() }),
]);
export type Stage = z.infer<typeof stageSchema>;

/** Shape of the Siamese network: the shared encoder and the head that reads its two embeddings. */
export const networkSchema = z.object({
  /** Applied in order to RGB crops; the product of strides is the embedding's stride. */
  stages: z.array(stageSchema).min(1),
  /** Channels of the embedding, made by a last 1x1 convolution without activation. */
  embedding: z.int().positive(),
  /** `response`: plain SiamFC, which has no head but the correlation of the two embeddings, and no box. */
  head: z.union([
    z.literal('response'),
    z.object({
      /** Channels inside the head. */
      channels: z.int().positive(),
      /** 3x3 convolutions shared by the score and the box. */
      depth: z.int().nonnegative(),
    }),
  ]),
});
export type NetworkSpec = z.infer<typeof networkSchema>;

/** One convolution of the network, with everything needed to run, count or export it. */
export interface ConvLayer {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Batch norm follows (its scale and offset are folded into the convolution on export); else a bias does. */
  readonly norm: boolean;
}

/** The encoder's and head's convolutions in the order in which they run. */
export function layersOf(
  spec: NetworkSpec,
  templateCells: number,
): { encoder: ConvLayer[]; head: ConvLayer[] } {
  const encoder: ConvLayer[] = [];
  let channels = 3;
  const conv = (
    list: ConvLayer[],
    name: string,
    inC: number,
    outC: number,
    kernel: number,
    stride: number,
    norm: boolean,
  ) => list.push({ name, inChannels: inC, outChannels: outC, kernel, stride, norm });
  spec.stages.forEach((stage, i) => {
    if (stage.kind === 'conv') {
      conv(encoder, `encoder.${i}`, channels, stage.channels, stage.kernel, stage.stride, true);
      channels = stage.channels;
    } else {
      conv(encoder, `encoder.${i}.a`, channels, stage.middle, 3, 1, true);
      conv(encoder, `encoder.${i}.b`, stage.middle, channels, 3, 1, true);
    }
  });
  conv(encoder, 'encoder.out', channels, spec.embedding, 1, 1, false);

  const head: ConvLayer[] = [];
  if (spec.head === 'response') {
    // The gain and bias of the response (the 'adjust' layer of Bertinetto's code).
    conv(head, 'head.response', 1, 1, 1, 1, false);
    return { encoder, head };
  }
  const width = spec.head.channels;
  conv(head, 'head.reduce', templateCells * templateCells + spec.embedding, width, 1, 1, true);
  for (let i = 0; i < spec.head.depth; i++) conv(head, `head.${i}`, width, width, 3, 1, true);
  conv(head, 'head.score', width, 1, 3, 1, false);
  conv(head, 'head.box', width, 4, 3, 1, false);
  return { encoder, head };
}

/** Stride of the embedding against the crop, in pixels. */
export function strideOf(spec: NetworkSpec): number {
  return spec.stages.reduce((s, stage) => (stage.kind === 'conv' ? s * stage.stride : s), 1);
}

/** Cells along one side of the embedding of a crop of `size` pixels (every convolution pads by half its kernel). */
export function cellsOf(spec: NetworkSpec, size: number): number {
  let cells = size;
  for (const stage of spec.stages) {
    if (stage.kind === 'conv') cells = outputSize(cells, stage.kernel, stage.stride);
  }
  return cells;
}

/** Output side of a convolution that pads `floor(kernel / 2)` before and after. */
export function outputSize(size: number, kernel: number, stride: number): number {
  return Math.floor((size + 2 * Math.floor(kernel / 2) - kernel) / stride) + 1;
}

/** Multiply-adds of one search crop through the encoder and of one head call. */
export function multiplyAdds(
  spec: NetworkSpec,
  search: number,
  templateCells: number,
): { encoder: number; head: number } {
  const { encoder, head } = layersOf(spec, templateCells);
  let size = search;
  let total = 0;
  for (const layer of encoder) {
    size = outputSize(size, layer.kernel, layer.stride);
    total += size * size * layer.outChannels * layer.inChannels * layer.kernel * layer.kernel;
  }
  const places = spec.head === 'response' ? size - templateCells + 1 : size;
  const correlation = places ** 2 * templateCells ** 2 * spec.embedding;
  const heads = head.reduce(
    (s, l) => s + places ** 2 * l.outChannels * l.inChannels * l.kernel * l.kernel,
    0,
  );
  return { encoder: total, head: correlation + heads };
}
