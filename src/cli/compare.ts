import type { Command } from 'commander';
import type { Box, I420Picture } from '../common/index.js';
import { parseBox } from '../formats/index.js';
import { openSource } from '../ingest/index.js';
import { comparePictures } from '../model/index.js';
import { addExamples } from './examples.js';
import { addModelOptions, loadChosenModel, type ModelOptions } from './model-option.js';

interface CompareCommandOptions extends ModelOptions {
  readonly boxA?: Box;
  readonly boxB?: Box;
  readonly json?: boolean;
}

/** `siamtrack compare A B`: how alike two pictures are in the eyes of the network. */
export function registerCompare(program: Command): void {
  const command = program
    .command('compare')
    .description('say how alike two pictures are in the eyes of the network')
    .argument('<a>', 'a picture')
    .argument('<b>', 'another picture')
    .option('--box-a <x,y,w,h>', 'the object in the first; default: the whole picture', box('--box-a'))
    .option('--box-b <x,y,w,h>', 'the object in the second; default: the whole picture', box('--box-b'))
    .option('--json', 'print the measures as JSON');
  addModelOptions(command).action(run);
  addExamples(command, 'compare a.jpg b.jpg --box-a 20,30,80,60 --box-b 200,44,76,58');
}

async function run(a: string, b: string, options: CompareCommandOptions): Promise<void> {
  const pictures = await Promise.all([readPicture(a), readPicture(b)]);
  const model = await loadChosenModel(options);
  try {
    const measures = await comparePictures(model, ...pictures, [options.boxA, options.boxB]);
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

function box(name: string): (text: string) => Box {
  return (text) => parseBox(name, text);
}
