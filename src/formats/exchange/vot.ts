import { join, parse } from 'node:path';
import { formatBoxes } from '../box-text.js';
import { type BoxList, entriesOf, readBoxLists, spoolBoxLines } from './box-lists.js';
import { ResultFileError } from './error.js';
import type { RecordFile } from './records.js';
import { type FolderSink, targetNames, targetOfName } from './target-folder.js';
import type { WriteJob } from './write-job.js';

/**
 * One VOT sequence, as the VOT toolkit reads those of several targets: `sequence` with its properties and `groundtruth_<target>.txt`,
 * line k for frame k of the video: `x,y,width,height`, the top-left corner of the picture being `0,0`; `nan,nan,nan,nan`, which the
 * toolkit takes for an unknown region, where the target is lost or not there.
 */
export async function writeVot(out: FolderSink, job: WriteJob): Promise<void> {
  await spoolBoxLines(job, (box) => (box ? formatBoxes([box], { oneBased: false }) : 'nan,nan,nan,nan\n'));
  const { targets, frameRate, messageFrames, width, height } = await job.survey();
  const properties = {
    name: parse(job.source.name).name.replace(/\s+/g, ' '),
    // The toolkit takes whole numbers only.
    fps: Math.max(1, Math.round(frameRate)),
    format: 'default',
    'channel.default': 'color',
    'channels.color': 'color/%08d.jpg',
    width,
    height,
    length: messageFrames,
  };
  const sequence = await out.file('sequence');
  for (const [key, value] of Object.entries(properties)) await sequence.write(`${key}=${value}\n`);
  for (const [drawer, name] of [...targetNames(targets.keys()).values()].entries()) {
    const file = await out.file(`groundtruth_${name}.txt`);
    for await (const text of job.spool.read(drawer)) await file.write(text);
  }
}

/** Whether a file is one that {@link writeVot} writes. */
export function isVotFile(path: string): boolean {
  return /^(sequence|groundtruth_[^/]+\.txt)$/.test(path);
}

/** Reads a VOT sequence of upright rectangles; the target of a lone `groundtruth.txt` is called `1`. */
export function readVot(folder: string): RecordFile {
  return readBoxLists(listsOf(folder), { first: 0 });
}

async function* listsOf(folder: string): AsyncGenerator<BoxList> {
  let found = false;
  for (const { name } of await entriesOf(folder)) {
    const target = /^groundtruth(?:_(.+))?\.txt$/.exec(name);
    if (!target) continue;
    found = true;
    yield { id: target[1] === undefined ? '1' : targetOfName(target[1]), file: join(folder, name) };
  }
  if (!found) throw new ResultFileError(folder, 'groundtruth.txt or groundtruth_<target>.txt', 'none');
}
