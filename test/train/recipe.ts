import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { configSchema, type TrainConfig } from '../../src/train/index.js';
import { Random } from '../../src/train/random.js';

/** A network small enough to train for some steps within a second. */
export const TINY = {
  stages: [
    { kind: 'conv', channels: 4, stride: 4, kernel: 5 },
    { kind: 'conv', channels: 8, stride: 4, kernel: 5 },
    { kind: 'residual', middle: 4 },
  ],
  embedding: 6,
  head: { channels: 8, depth: 1 },
};

/** A folder with `clips` short clips of a bright square on noise, in OTB layout with 1-based boxes. */
export async function makeClips(clips: number, frames = 3): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'siamtrack-clips-'));
  for (let k = 0; k < clips; k++) {
    const random = new Random(k);
    const [width, height] = [200, 160];
    const pictures = join(folder, `clip${k}`, 'img');
    await mkdir(pictures, { recursive: true });
    const colour = [random.int(256), random.int(256), random.int(256)];
    const lines: string[] = [];
    for (let f = 0; f < frames; f++) {
      const [x, y, w, h] = [60 + f * 6, 50 + random.int(20), 40, 30];
      const data = new Uint8Array(width * height * 3).map(() => random.int(80));
      for (let j = y; j < y + h; j++) for (let i = x; i < x + w; i++) data.set(colour, (j * width + i) * 3);
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toFile(join(pictures, `${f + 1}.png`));
      lines.push(`${x + 1},${y + 1},${w},${h}`);
    }
    await writeFile(join(folder, `clip${k}`, 'groundtruth_rect.txt'), `${lines.join('\n')}\n`);
  }
  return folder;
}

/** A recipe over such clips. */
export async function tinyRecipe(clips: string, changes: object = {}): Promise<TrainConfig> {
  const output = await mkdtemp(join(tmpdir(), 'siamtrack-train-'));
  return configSchema.parse({
    name: 'tiny',
    output,
    cache: join(output, 'cache'),
    data: { clips: [clips], clipsOneBased: true, validation: 0.3 },
    network: TINY,
    // Small crops: what is tested does not depend on their size.
    input: { template: 63, search: 127 },
    pairs: { shift: 24 },
    optimiser: { batch: 4, steps: 12, warmUp: 2, learningRate: 5e-3 },
    every: { log: 1, checkpoint: 4, validate: 6 },
    workers: 2,
    ...changes,
  });
}
