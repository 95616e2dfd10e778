import { createAxis, layAxis } from './axis.js';
import { ycbcrToRgb } from './colour.js';
import { channelsOf } from './crop.js';
import { COLOURS, PLACES, SHARES, STEPS } from './cut-graph.js';
import { type Cutout, copyCutout, cutoutOf, type PictureCrop } from './cutout.js';

/** What a graph that cuts its crops is given for a batch: see `CUT_INPUTS`. */
export interface CutTables {
  /** The parts of the pictures that the crops are made of, plane after plane, crop after crop; filled up to a power of two. */
  readonly samples: Uint8Array;
  /** `[room, PLACES, size]` */
  readonly places: Int32Array;
  /** `[room, STEPS]` */
  readonly steps: Int32Array;
  /** `[room, SHARES, size]` */
  readonly shares: Float32Array;
  /** `[room, 3, COLOURS]` */
  readonly colours: Float32Array;
}

/**
 * Tables for a batch of crops of `size` x `size`.
 * @param room crops there is room for, at least as many as there are; the rest are 0
 * @returns undefined where one cannot be cut
 */
export function cutTables(crops: readonly PictureCrop[], size: number, room: number): CutTables | undefined {
  const cutouts = crops.map(partOf);
  const total = cutouts.reduce((sum, cutout) => sum + (cutout?.bytes ?? Number.NaN), 0);
  if (Number.isNaN(total)) return undefined;
  const samples = new Uint8Array(2 ** Math.ceil(Math.log2(total)));
  const places = new Int32Array(room * PLACES.length * size);
  const steps = new Int32Array(room * STEPS.length);
  const shares = new Float32Array(room * SHARES.length * size);
  const colours = new Float32Array(room * 3 * COLOURS.length);
  const axis = { across: createAxis(size), down: createAxis(size) };
  const memory = new ArrayBuffer(2 * 4 * 4 * size);
  const [ints, floats] = [new Int32Array(memory), new Float32Array(memory)];
  let start = 0;
  for (const [k, crop] of crops.entries()) {
    const cutout = cutouts[k] as NonNullable<(typeof cutouts)[number]>;
    const { left, top, width, height } = cutout;
    copyPart(crop, cutout, samples, start);
    layAxis(axis.across, size, crop.cx, crop.side, crop.part?.width ?? crop.picture.width, ints, floats, 0);
    layAxis(
      axis.down,
      size,
      crop.cy,
      crop.side,
      crop.part?.height ?? crop.picture.height,
      ints,
      floats,
      4 * size,
    );
    const [chromaWidth, chromaHeight] = [(width + 1) >> 1, (height + 1) >> 1];
    const luma = start;
    const chroma = start + width * height;
    const place = places.subarray(k * PLACES.length * size);
    const share = shares.subarray(k * SHARES.length * size);
    for (let i = 0; i < size; i++) {
      place[i] = ints[i] - left;
      place[size + i] = luma + (ints[4 * size + i] - top) * width;
      place[2 * size + i] = ints[2 * size + i] - left / 2;
      place[3 * size + i] = chroma + (ints[6 * size + i] - top / 2) * chromaWidth;
      share[i] = floats[size + i];
      share[size + i] = floats[5 * size + i];
      share[2 * size + i] = floats[3 * size + i];
      share[3 * size + i] = floats[7 * size + i];
      share[4 * size + i] = axis.across.inside[i];
      share[5 * size + i] = axis.down.inside[i];
    }
    const right = (length: number) => (length > 1 ? 1 : 0);
    steps.set(
      [
        right(width),
        right(height) * width,
        right(chromaWidth),
        right(chromaHeight) * chromaWidth,
        0,
        chromaWidth * chromaHeight,
      ],
      k * STEPS.length,
    );
    layColours(crop, colours, k * 3 * COLOURS.length);
    start += cutout.bytes;
  }
  return { samples, places, steps, shares, colours };
}

/** What is to be copied: the part the crop needs, or all of a picture that is one already. */
function partOf(crop: PictureCrop): Cutout | undefined {
  const { part, picture } = crop;
  if (!part) return cutoutOf(crop);
  const { width, height } = picture;
  const bytes = width * height + 2 * ((width + 1) >> 1) * ((height + 1) >> 1);
  return { left: part.left, top: part.top, width, height, bytes };
}

function copyPart(crop: PictureCrop, cutout: Cutout, samples: Uint8Array, at: number): void {
  if (!crop.part) {
    copyCutout(crop, cutout, samples, at);
    return;
  }
  let end = at;
  for (const plane of [crop.picture.y, crop.picture.u, crop.picture.v]) {
    samples.set(plane, end);
    end += plane.length;
  }
}

function layColours({ picture, layout, mean }: PictureCrop, out: Float32Array, at: number): void {
  const { black, luma, redV, greenU, greenV, blueU } = ycbcrToRgb(picture);
  const { gain, bias, fill, channel } = channelsOf(layout, mean);
  const zero = -luma * black;
  const rgb = [
    [luma, 0, redV, zero - 128 * redV],
    [luma, -greenU, -greenV, zero + 128 * (greenU + greenV)],
    [luma, blueU, 0, zero - 128 * blueU],
  ];
  for (const [k, c] of channel.entries())
    out.set([...rgb[k], gain[k], bias[k], fill[k]], at + c * COLOURS.length);
}
