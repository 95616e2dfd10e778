import { listsInFolders, readBoxLists, spoolBoxLines } from './box-lists.js';
import type { RecordFile } from './records.js';
import { type FolderSink, targetNames } from './target-folder.js';
import type { WriteJob } from './write-job.js';

const LABELS = ['absence', 'cover', 'cut_by_image'] as const;

/**
 * GOT-10k layout: `list.txt` and one sequence for each target, line k of each file for frame k of the video. `groundtruth.txt` has
 * `x,y,width,height`, the top-left pixel being `1,1`; where the target is lost or not there it is `0,0,0,0` and `absence.label` is 1.
 * `cover.label`, by which the toolkit leaves frames out of its mean, is 8 (all visible) or 0; degrees between are not measured.
 * `cut_by_image.label` is 1 where the box reaches out of the picture.
 */
export async function writeGot10k(out: FolderSink, job: WriteJob): Promise<void> {
  const { targets, frameRate, width, height } = await job.survey();
  await spoolBoxLines(job, (box, size) => {
    if (!box) return '0.0000,0.0000,0.0000,0.0000 100\n';
    const [x, y, w, h] = box;
    const cut = x < 0 || y < 0 || x + w > size.width || y + h > size.height ? 1 : 0;
    return `${[x + 1, y + 1, w, h].map((value) => value.toFixed(4)).join(',')} 08${cut}\n`;
  });
  const names = targetNames(targets.keys());
  const list = await out.file('list.txt');
  for (const name of names.values()) await list.write(`${name}\n`);
  for (const [drawer, [id, name]] of [...names].entries()) {
    const boxes = await out.file(`${name}/groundtruth.txt`);
    for await (const line of job.spool.lines(drawer)) await boxes.write(`${line.slice(0, -4)}\n`);
    for (const [k, label] of LABELS.entries()) {
      const flags = await out.file(`${name}/${label}.label`);
      for await (const line of job.spool.lines(drawer)) await flags.write(`${line.at(k - 3)}\n`);
    }
    const meta = await out.file(`${name}/meta_info.ini`);
    const facts = {
      url: job.source.name,
      anno_fps: `${Number(frameRate.toFixed(3))}Hz`,
      object_class: targets.get(id)!.category,
    };
    const resolution = `(${width}, ${height})`;
    await meta.write('[METAINFO]\n');
    for (const [key, value] of Object.entries({ ...facts, resolution })) {
      await meta.write(`${key}: ${value.replace(/\s+/g, ' ')}\n`);
    }
  }
}

/** Whether a file is one that {@link writeGot10k} writes. */
export function isGot10kFile(path: string): boolean {
  return /^(list\.txt|[^/]+\/(groundtruth\.txt|(absence|cover|cut_by_image)\.label|meta_info\.ini))$/.test(
    path,
  );
}

/** Reads what {@link writeGot10k} writes, or one sequence's folder. */
export function readGot10k(folder: string): RecordFile {
  return readBoxLists(listsInFolders(folder, /^groundtruth\.txt$/, 'absence.label'), { first: 1 });
}
