import { round } from '../box-text.js';
import { ResultFileError } from './error.js';
import { type BoxRecord, boxRecord } from './records.js';
import type { TextSink } from './text-file.js';
import { readLines } from './text-lines.js';
import type { WriteJob } from './write-job.js';

/**
 * MOTChallenge CSV: `frame,id,left,top,width,height,confidence,-1,-1,-1`, one line for each box. Frames, ids and pixels count from 1
 * (motchallenge.net/instructions). Lost targets are left out, since every line of a result counts as a detection.
 */
export async function writeMot(out: TextSink, { messages, survey }: WriteJob): Promise<void> {
  const { targets } = await survey();
  for await (const { frame, targets: found } of messages()) {
    for (const { id, box, score, state } of found) {
      if (state === 'lost') continue;
      const [x, y] = [round(box[0] + 1, 2), round(box[1] + 1, 2)];
      await out.write(
        `${frame + 1},${targets.get(id)!.number},${x},${y},${box[2]},${box[3]},${score},-1,-1,-1\n`,
      );
    }
  }
}

/**
 * Reads MOTChallenge CSV, results or ground truth, in any order. A confidence outside 0..1 (`-1`: not told) becomes 1.
 *
 * @throws {ResultFileError} naming the line
 */
export async function* readMot(file: string): AsyncGenerator<BoxRecord> {
  for await (const { number, text } of readLines(file)) {
    if (text.trim() === '') continue;
    const where = `${file}:${number}`;
    const words = text.trim().split(/\s*[,\s]\s*/);
    const numbers = words.map((word) => (word === '' ? Number.NaN : Number(word)));
    const [frame, id, x, y, w, h, confidence = -1] = numbers;
    if (words.length < 6 || numbers.slice(0, 6).some(Number.isNaN)) {
      throw new ResultFileError(where, 'frame,id,left,top,width,height,confidence', JSON.stringify(text));
    }
    if (!Number.isInteger(id) || id < 0) {
      throw new ResultFileError(where, 'an id of a target', String(words[1]));
    }
    const score = confidence >= 0 && confidence <= 1 ? confidence : 1;
    if (frame < 1) throw new ResultFileError(where, 'a frame number, the first being 1', words[0]);
    yield boxRecord(where, frame - 1, String(id), [x - 1, y - 1, w, h], { score, state: 'tracking' });
  }
}
