import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type BatchEvent,
  type BatchSummary,
  expandInputs,
  interruption,
  ModelPool,
  matchTargets,
  parseTargets,
  type RunBatchOptions,
  runBatch,
} from '../../src/batch/index.js';
import { type BoxMessage, boxMessage } from '../../src/formats/index.js';
import { openSource } from '../../src/ingest/index.js';
import { follow } from '../../src/pipeline/index.js';
import { TargetGroup } from '../../src/tracker/index.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { loader, outputs, pool, TARGETS, videoFolder } from './clips.js';

let videos: string;
/** A folder with one of the videos. */
let gate: string;
let model: string;
let models: ModelPool;
/** What one uninterrupted job makes of everything. */
let reference: Record<string, string>;
let out: string;

beforeAll(async () => {
  videos = await videoFolder();
  gate = mkdtempSync(join(tmpdir(), 'siamtrack-gate-'));
  await cp(join(videos, 'gate.mp4'), join(gate, 'gate.mp4'));
  model = writeTinyModel();
  models = pool(model);
  const alone = mkdtempSync(join(tmpdir(), 'siamtrack-alone-'));
  expect((await batch({ out: alone, jobs: 1, formats: ['mot'] })).counts.done).toBe(3);
  reference = await outputs(alone);
  await rm(alone, { recursive: true });
});
afterAll(async () => {
  await models.dispose();
  for (const folder of [videos, gate, model]) await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'siamtrack-out-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

async function batch(
  options: Partial<RunBatchOptions> & { readonly csv?: string; readonly from?: string } = {},
) {
  const { csv = TARGETS, from = videos } = options;
  const inputs = await expandInputs([from]);
  const { targets } = matchTargets(inputs, parseTargets(csv, 't.csv'), join(from, 't.csv'));
  return runBatch({
    inputs,
    targets,
    models,
    out,
    model: { name: model, precision: 'auto', engine: 'onnx' },
    checkpointFrames: 4,
    formats: ['mot'],
    ...options,
  });
}

/** Runs until so many frames have been followed, then stops as Ctrl-C does. */
async function stopAfter(frames: number, options: Parameters<typeof batch>[0] = {}): Promise<BatchSummary> {
  const controller = new AbortController();
  const seen = new Map<string, number>();
  return batch({
    ...options,
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'started' || event.type === 'progress') seen.set(event.name, event.done);
      if ([...seen.values()].reduce((a, b) => a + b, 0) >= frames) controller.abort(interruption());
    },
  });
}

const ofGate = (all: Record<string, string>) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('gate.')));
const statuses = ({ videos: all }: BatchSummary) =>
  Object.fromEntries(all.map(({ name, status }) => [name, status]));
const lines = (name: string): BoxMessage[] =>
  reference[name]
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a batch', () => {
  it('places boxes as one track of each video does', async () => {
    const loaded = await loader(model)({ name: model, precision: 'float32', engine: 'onnx' });
    const expected: string[] = [];
    const source = await openSource(join(videos, 'yard/east.mp4'));
    await follow(source, {
      group: new TargetGroup(loaded),
      targets: [{ id: '1', box: [20, 136, 56, 28] }],
      sink: (frame, found) => expected.push(`${JSON.stringify(boxMessage('yard/east', frame, found))}\n`),
    });
    await loaded.dispose();
    expect(reference['yard/east.jsonl']).toBe(expected.join(''));
  });

  it('has a line for each frame from the first start on, and targets that join in on theirs', () => {
    expect(lines('gate.jsonl').map(({ frame }) => frame)).toEqual(Array.from({ length: 24 }, (_, k) => k));
    const west = lines('yard/west.jsonl');
    expect(west[0]).toMatchObject({
      frame: 10,
      pts: 0.4,
      targets: [{ id: '1', box: [64, 72, 64, 48], score: 1 }],
    });
  });

  it('follows backwards from the start to the first frame where asked', () => {
    const late = lines('gate.jsonl').map(({ targets }) => targets.find(({ id }) => id === 'late'));
    expect(late.every((target) => target?.label === 'a late one')).toBe(true);
    expect(late[8]).toMatchObject({ box: [100, 60, 40, 40], score: 1 });
    expect(late.filter((target) => target?.score === 1)).toHaveLength(1);
  });

  it('makes the same bytes with more jobs, other checkpoints, and a few decoded frames at a time on the way back', async () => {
    await batch({ jobs: 3, checkpointFrames: 7, reverseBytes: 3 * 115_200 });
    expect(await outputs(out)).toEqual(reference);
  });

  it('makes the same bytes however often it is stopped', async () => {
    let runs = 1;
    for (let frames = 6; (await stopAfter(frames, { jobs: 1 + (runs % 3) })).counts.interrupted > 0; runs++)
      frames += 27;
    expect(runs).toBeGreaterThan(1);
    expect(await outputs(out)).toEqual(reference);
  });

  it('goes on from a checkpoint and not from the start', async () => {
    await stopAfter(20, { from: gate });
    const events: BatchEvent[] = [];
    await batch({ from: gate, onEvent: (event) => events.push(event) });
    const started = events.find((event) => event.type === 'started');
    expect(started).toMatchObject({ name: 'gate' });
    expect(started).toHaveProperty(
      'done',
      expect.toSatisfy((done: number) => done > 10),
    );
  });

  it('passes over a damaged checkpoint and a damaged part file', async () => {
    await stopAfter(15, { from: gate });
    await stopAfter(22, { from: gate });
    const state = join(out, '.siamtrack');
    for (const key of await readdir(state))
      for (const name of await readdir(join(state, key)).catch(() => [])) {
        const file = join(state, key, name);
        if (name === '2.checkpoint.json') await writeFile(file, '{"format":1');
        if (name.endsWith('.forwards.jsonl')) await truncate(file, 100);
      }
    await batch({ from: gate });
    expect(await outputs(out)).toEqual(ofGate(reference));
  });

  it('skips what is finished, makes formats that are new from what is there, and an output that is gone anew', async () => {
    await batch();
    const settled = JSON.parse(await readFile(join(out, '.siamtrack/settled.json'), 'utf8'));
    expect(Object.values(settled)).toEqual([{ precision: 'float32', engine: 'onnx' }]);
    // What `auto` is was settled once for the folder.
    const broken = new ModelPool(() => Promise.reject(new Error('not asked again')));
    expect((await batch({ models: broken })).counts.skipped).toBe(3);
    const more = await batch({ formats: ['mot', 'cvat'] });
    expect(more).toMatchObject({ counts: { skipped: 3 }, followed: 0 });
    expect(Object.keys(await outputs(out))).toContain('gate.cvat.xml');
    await rm(join(out, 'gate.jsonl'));
    expect(statuses(await batch())).toMatchObject({ gate: 'done', 'yard/west': 'skipped' });
    expect(await outputs(out)).toMatchObject(reference);
  });

  it('knows a video by its content: a renamed folder is the same, another target or content is not', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'siamtrack-copy-'));
    await cp(videos, copy, { recursive: true });
    await batch();
    expect((await batch({ from: copy })).counts.skipped).toBe(3);
    await rename(join(copy, 'yard/east.mp4'), join(copy, 'gate.mp4'));
    expect(statuses(await batch({ from: copy }))).toEqual({ gate: 'done', 'yard/west': 'skipped' });
    expect(statuses(await batch({ csv: TARGETS.replace('20,136', '21,136') }))).toMatchObject({
      gate: 'done',
    });
    await rm(copy, { recursive: true });
  });

  it('reports a bad video, a missing target and a broken end, and does the others', async () => {
    const mixed = mkdtempSync(join(tmpdir(), 'siamtrack-mixed-'));
    await cp(join(videos, 'gate.mp4'), join(mixed, 'gate.mp4'));
    await cp(join(videos, 'gate.mp4'), join(mixed, 'nobody.mp4'));
    await writeFile(join(mixed, 'text.mp4'), 'this is no video');
    execFileSync('ffmpeg', [
      '-loglevel',
      'error',
      '-i',
      join(videos, 'gate.mp4'),
      '-c',
      'copy',
      join(mixed, 'cut.mkv'),
    ]);
    const whole = (await readFile(join(mixed, 'cut.mkv'))).length;
    await truncate(join(mixed, 'cut.mkv'), Math.round(whole * 0.6));
    const csv = 'video,x,y,width,height\ngate,20,136,56,28\ntext,1,1,9,9\ncut,20,136,56,28\n';
    const summary = await batch({ from: mixed, csv });
    expect(statuses(summary)).toEqual({ cut: 'damaged', gate: 'done', nobody: 'failed', text: 'failed' });
    const codes = Object.fromEntries(summary.videos.map(({ name, error }) => [name, error?.code]));
    expect(codes).toEqual({ cut: 'DECODE_FAILED', nobody: 'NO_TARGETS', text: 'NOT_A_VIDEO' });
    const kept = (await readFile(join(out, 'cut.jsonl'), 'utf8')).trim().split('\n');
    expect(kept).toHaveLength(summary.videos[0].frames);
    expect(kept.length).toBeGreaterThan(5);
    expect(statuses(await batch({ from: mixed, csv }))).toMatchObject({ cut: 'damaged', gate: 'skipped' });
    await rm(mixed, { recursive: true });
  });

  it('says so where a video ends before a target starts', async () => {
    const summary = await batch({ csv: 'video,start,x,y,width,height\ngate,4000,1,2,30,40\n' });
    expect(summary.videos[0]).toMatchObject({ status: 'failed', error: { code: 'START_NOT_REACHED' } });
  });

  it('says so where an input goes while it is read, and goes on when it is back', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'siamtrack-gone-'));
    await cp(join(videos, 'gate.mp4'), join(copy, 'gate.mp4'));
    const gone = await batch({
      from: copy,
      jobs: 1,
      onEvent: (event) => {
        if (event.type === 'started' && event.name === 'gate') void truncate(join(copy, 'gate.mp4'), 10);
      },
    });
    expect(statuses(gone)).toEqual({ gate: 'failed' });
    expect(gone.videos[0].error?.code).toBe('INPUT_CHANGED');
    await cp(join(videos, 'gate.mp4'), join(copy, 'gate.mp4'));
    await batch({ from: copy });
    expect(await outputs(out)).toEqual(ofGate(reference));
    await rm(copy, { recursive: true });
  });

  it('refuses an output folder that is a file', async () => {
    await writeFile(join(out, 'file'), '');
    await expect(batch({ out: join(out, 'file') })).rejects.toMatchObject({ code: 'STATE_FAILED' });
  });
});
