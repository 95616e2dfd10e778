import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureFixture } from '../../fixtures/index.js';
import { type BatchInput, expandInputs, type LoadModel, ModelPool } from '../../src/batch/index.js';
import { loadModel } from '../../src/model/index.js';

/** A folder of three short videos that differ: the beginning of the fixture `moving`, as it is, upside down and mirrored. */
export async function videoFolder(): Promise<string> {
  const { video } = await ensureFixture('moving');
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-videos-'));
  await mkdir(join(folder, 'yard'));
  const cut = (name: string, ...args: string[]) =>
    execFileSync('ffmpeg', [
      '-loglevel',
      'error',
      '-i',
      video,
      ...args,
      '-preset',
      'ultrafast',
      join(folder, name),
    ]);
  cut('gate.mp4', '-frames:v', '24');
  cut('yard/west.mp4', '-vf', 'vflip', '-frames:v', '18');
  cut('yard/east.mp4', '-vf', 'hflip', '-frames:v', '20');
  return folder;
}

/** The targets file for {@link videoFolder}: several targets, starting at different frames, in both units. */
export const TARGETS = `video,id,label,start,x,y,width,height,units,backwards
gate,car,,0,20,136,56,28,,
gate,late,a late one,8,100,60,40,40,,yes
yard/west,1,,0.4s,0.2,0.3,0.2,0.2,normalised,
yard/east.mp4,1,,0,20,136,56,28,,
`;

export function loader(model: string): LoadModel {
  return ({ precision }) => loadModel(model, { precision, engine: 'onnx', threads: 1 });
}

export function pool(model: string): ModelPool {
  return new ModelPool(loader(model));
}

export function inputs(folder: string): Promise<BatchInput[]> {
  return expandInputs([folder]);
}

/** Every output below a folder with its text, but for what may differ between runs. */
export async function outputs(out: string): Promise<Record<string, string>> {
  const names = await readdir(out, { recursive: true, withFileTypes: true });
  const found: Record<string, string> = {};
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.includes('.siamtrack') || entry.name === 'summary.json') continue;
    found[path.slice(out.length + 1)] = await readFile(path, 'latin1');
  }
  return found;
}
