import { formatBoxes } from '../box-text.js';
import { listsInFolders, readBoxLists, spoolBoxLines } from './box-lists.js';
import type { RecordFile } from './records.js';
import { type FolderSink, targetNames } from './target-folder.js';
import type { WriteJob } from './write-job.js';

/**
 * OTB layout: `<target>/groundtruth_rect.txt`, line k for frame k of the video: `x,y,width,height`, the top-left pixel being `1,1`;
 * `NaN,NaN,NaN,NaN` where the target is lost or not there.
 */
export async function writeOtb(out: FolderSink, job: WriteJob): Promise<void> {
  await spoolBoxLines(job, (box) => formatBoxes([box]));
  const names = targetNames((await job.survey()).targets.keys());
  for (const [drawer, name] of [...names.values()].entries()) {
    const file = await out.file(`${name}/groundtruth_rect.txt`);
    for await (const text of job.spool.read(drawer)) await file.write(text);
  }
}

/** Whether a file is one that {@link writeOtb} writes. */
export function isOtbFile(path: string): boolean {
  return /^[^/]+\/groundtruth_rect\.txt$/.test(path);
}

/** Reads what {@link writeOtb} writes, or one sequence's folder. */
export function readOtb(folder: string): RecordFile {
  return readBoxLists(listsInFolders(folder, /^groundtruth_rect\.txt$/), { first: 1 });
}
