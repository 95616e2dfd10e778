// `npm run demo`: sets up what is missing, follows the car of a clip in this repository, says how well that went.
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { committedClip, compareWithTruth } from './clip-run.mjs';
import { mustRun, root, stop } from './lib.mjs';
import { build, prepare } from './setup.mjs';

prepare();
build();

const clip = committedClip('moving');
const folder = join(root, 'results', 'demo');
const boxes = join(folder, 'boxes.jsonl');
const preview = join(folder, 'preview.mp4');
mkdirSync(folder, { recursive: true });

const shown = (path) => relative(root, path);
const args = ['track', shown(clip.video), '--box', clip.boxes[0].join(','), '--out', shown(boxes)];
args.push('--preview', shown(preview));
process.stdout.write(`siamtrack ${args.join(' ')}\n\n`);
const begun = performance.now();
mustRun(process.execPath, [join(root, 'dist/cli/main.js'), ...args]);
const seconds = (performance.now() - begun) / 1000;

const { messages, rows, mean, lowest } = compareWithTruth(boxes, clip);
process.stdout.write('frame  time    x, y, width, height         score  state      overlap with the truth\n');
for (const { frame, pts, box, score, state, overlap } of rows.filter((_, k) => k % 11 === 0)) {
  const numbers = box.map((value) => value.toFixed(1).padStart(6)).join(' ');
  process.stdout.write(
    `${String(frame).padStart(5)}  ${pts.toFixed(2)} s  ${numbers}  ${score.toFixed(2)}   ${state.padEnd(10)} ${overlap.toFixed(2)}\n`,
  );
}
process.stdout.write(`
${messages.length} frames in ${seconds.toFixed(1)} s, start-up, decoding and the preview's encoding included
mean overlap with the true box ${mean.toFixed(3)}, lowest ${lowest.toFixed(3)} (1 is exact)
boxes    ${shown(boxes)}
preview  ${shown(preview)}
`);
if (messages.length !== clip.frames) stop(`Expected ${clip.frames} frames, got ${messages.length}.`);
if (mean < 0.5) stop('The car was not followed: its mean overlap should be above 0.5.');
