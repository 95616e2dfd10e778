// Follows a committed clip with the command line and holds the boxes against the clip's exact truth.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib.mjs';

/** A committed clip: its video and where its first target truly is. */
export function committedClip(name) {
  const folder = join(root, 'fixtures', 'clips', name);
  const truth = JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8'));
  return { video: join(folder, 'clip.mp4'), frames: truth.frames, ...truth.targets[0] };
}

function iou(a, b) {
  const w = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (w <= 0 || h <= 0) return 0;
  return (w * h) / (a[2] * a[3] + b[2] * b[3] - w * h);
}

/** Reads what `siamtrack track --out` wrote and compares it frame by frame; frames without truth are left out. */
export function compareWithTruth(jsonl, clip) {
  const messages = readFileSync(jsonl, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const rows = messages.flatMap(({ frame, pts, targets: [target] }) => {
    const truth = clip.boxes[frame];
    return truth ? [{ frame, pts, ...target, overlap: iou(target.box, truth) }] : [];
  });
  // The first box is given, and no merit of the tracker.
  const overlaps = rows.slice(1).map(({ overlap }) => overlap);
  const mean = overlaps.reduce((sum, value) => sum + value, 0) / overlaps.length;
  return { messages, rows, mean, lowest: Math.min(...overlaps) };
}
