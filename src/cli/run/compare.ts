import type { Box, I420Picture } from '../../common/index.js';
import { parseBox } from '../../formats/index.js';
import { openSource } from '../../ingest/index.js';
import { comparePictures } from '../../model/index.js';
import type { CompareCommandOptions } from '../compare.js';
import { loadChosenModel } from './chosen-model.js';

/** Prints three measures of how alike two pictures are. */
export async function compare(a: string, b: string, options: CompareCommandOptions): Promise<void> {
  const boxes = [boxOf('--box-a', options.boxA), boxOf('--box-b', options.boxB)] as const;
  const pictures = await Promise.all([readPicture(a), readPicture(b)]);
  const model = await loadChosenModel(options);
  try {
    const measures = await comparePictures(model, ...pictures, boxes);
    const { euclidean, cosine, peakCorrelation } = measures;
    process.stdout.write(
      options.json
        ? `${JSON.stringify(measures)}\n`
        : `Euclidean distance  ${euclidean.toPrecision(6)}  (0 for equal pictures)
cosine similarity   ${cosine.toFixed(6)}  (1 for equal pictures)
peak correlation    ${peakCorrelation.toFixed(6)}  (1 where the second holds the first)\n`,
    );
  } finally {
    await model.dispose();
  }
}

/** A picture file, or the first frame of anything else that can be opened. */
async function readPicture(file: string): Promise<I420Picture> {
  const source = await openSource(file);
  try {
    for await (const frame of source) {
      const { width, height, y, u, v, range, matrix } = frame;
      const picture = { width, height, y: y.slice(), u: u.slice(), v: v.slice(), range, matrix };
      frame.release();
      return picture;
    }
  } finally {
    await source.close();
  }
  throw new Error(`${file} holds no picture`);
}

function boxOf(name: string, text: string | undefined): Box | undefined {
  return text === undefined ? undefined : parseBox(name, text);
}
