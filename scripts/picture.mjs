// `npm run picture`: runs the demo and makes the README's picture, a strip of frames of its preview.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, root } from './lib.mjs';

mustRun(process.execPath, [join(root, 'scripts/demo.mjs')]);
mkdirSync(join(root, 'docs/images'), { recursive: true });
const frames = [4, 34, 64, 94].map((k) => `eq(n,${k})`).join('+');
mustRun('ffmpeg', [
  ...['-v', 'error', '-y', '-i', 'results/demo/preview.mp4'],
  ...['-vf', `select='${frames}',crop=320:200:0:30,tile=4x1:padding=6:color=white`],
  ...['-frames:v', '1', '-q:v', '3', 'docs/images/demo.jpg'],
]);
