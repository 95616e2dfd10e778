import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureFixture } from '../../fixtures/index.js';
import { registerEvaluate } from '../../src/cli/evaluate.js';
import type { Box } from '../../src/common/index.js';
import { formatBoxes } from '../../src/formats/index.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { refusal, siamtrack } from './run.js';

const FRAMES = 12;
let root: string;
let data: string;
let model: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-evaluate-cli-'));
  data = join(root, 'data');
  model = writeTinyModel();
  const clip = await ensureFixture('moving');
  const boxes = clip.boxes.slice(0, FRAMES);
  const ffmpeg = (...args: string[]) =>
    spawnSync('ffmpeg', ['-v', 'error', '-i', clip.video, '-frames:v', String(FRAMES), ...args]);
  await mkdir(join(data, 'Stills/img'), { recursive: true });
  ffmpeg('-q:v', '2', join(data, 'Stills/img/%04d.jpg'));
  await writeFile(join(data, 'Stills/groundtruth_rect.1.txt'), formatBoxes(boxes));
  await writeFile(join(data, 'Stills/groundtruth_rect.2.txt'), formatBoxes(boxes));
  await mkdir(join(data, 'Video'));
  ffmpeg('-c:v', 'mpeg4', '-q:v', '2', join(data, 'Video/clip.avi'));
  const corners = boxes.map((box, k) =>
    cornersOf(k === 5 ? null : box && [box[0] + 1, box[1] + 1, box[2], box[3]]),
  );
  await writeFile(join(data, 'Video/gt.txt'), corners.join('\n'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  await rm(model, { recursive: true, force: true });
});

/** A line of `gt.txt`: the first and the last pixel. */
function cornersOf(box: Box | null): string {
  if (!box) return 'NaN,NaN,NaN,NaN';
  const [x, y, w, h] = box;
  return [x, y, x + w - 1, y + h - 1].join(',');
}

const run = (...args: string[]) => siamtrack(['evaluate', data, '--model', model, ...args]);

describe('siamtrack evaluate', () => {
  it('prints a line a target and their mean', async () => {
    const { status, stdout, stderr } = await run();
    expect([status, stderr]).toEqual([0, '']);
    const [measures, honesty] = stdout.trimEnd().split('\n\n');
    const lines = measures.split('\n');
    const targets = ['Stills.1', 'Stills.2', 'Video'];
    const names = (of: string[]) => of.map((line) => line.split(/ {2,}/)[0]);
    expect(names(lines)).toEqual(['sequence', ...targets, 'mean of 3']);
    expect(names(honesty.split('\n'))).toEqual(['honesty', ...targets, 'all frames']);
    // The video has one frame without its target, from which it comes back.
    expect(honesty.split('\n').map((line) => line.split(/ +/).at(-14))).toEqual(
      ['absent', '0', '0', '1', '1'].map(String),
    );
    for (const line of lines.slice(1)) expect(line).toMatch(/ {2}(\d+ +)(0\.\d+|1\.0+)( +\d+\.\d+){7}$/);
  });

  it('follows from several frames, each for some frames only', async () => {
    const { stdout } = await run('--json', '--sequences', 'Video', '--starts', '2', '--frames', '4');
    const rows = JSON.parse(stdout).sequences.map((row: { sequence: string; frames: number }) => [
      row.sequence,
      row.frames,
    ]);
    expect(rows).toEqual([
      ['Video', 4],
      ['Video@6', 4],
    ]);
  });

  it('measures the plain tracker, whose results are not those of the whole one', async () => {
    const out = join(root, 'plain');
    const rows = async (...args: string[]) =>
      JSON.parse((await run('--json', '--sequences', 'Video', '--out', out, ...args)).stdout).sequences;
    const boxes = () => readFile(join(out, 'Video.txt'), 'utf8');
    expect((await rows())[0].reused).toBe(false);
    const whole = await boxes();
    expect((await rows('--plain'))[0].reused).toBe(false);
    expect(await boxes()).not.toBe(whole);
    expect((await rows('--plain'))[0].reused).toBe(true);
  });

  it('sees targets turned away from and covered, which are gone then', async () => {
    const folder = join(root, 'whole', 'Clip');
    await mkdir(folder, { recursive: true });
    const { video, boxes } = await ensureFixture('still');
    await copyFile(video, join(folder, 'clip.mp4'));
    await writeFile(join(folder, 'gt.txt'), boxes.map(cornersOf).join('\n'));
    const args = ['evaluate', folder, '--model', model, '--zero-based', '--absences', '--json'];
    const { status, stdout } = await siamtrack(args);
    expect(status).toBe(0);
    const rows: { sequence: string; honest: { absent: number; absences: { count: number } } }[] =
      JSON.parse(stdout).sequences;
    expect(rows.map(({ sequence }) => sequence)).toEqual(['Clip+turned', 'Clip+covered']);
    for (const { honest } of rows) {
      expect(honest.absent).toBeGreaterThanOrEqual(40);
      expect(honest.absences.count).toBeGreaterThanOrEqual(1);
    }
  });

  it('prints the same as JSON', async () => {
    const { stdout } = await run('--json', '--sequences', 'Video');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ dataset: data, model: { name: 'tiny' }, threads: 1 });
    expect(report.sequences).toHaveLength(1);
    expect(report.sequences[0]).toMatchObject({ sequence: 'Video', frames: FRAMES, visible: FRAMES - 1 });
    expect(report.mean.auc).toBe(report.sequences[0].auc);
    const [{ honest }] = report.sequences;
    expect(honest).toMatchObject({ absent: 1, absences: { count: 1 }, returns: [{ from: 6 }] });
    expect(honest.presence.recall).toBeLessThanOrEqual(1);
    expect(report.honest.score).toEqual(honest.score);
    expect(report.honest.reliability).toBeInstanceOf(Array);
    expect(report.mean.trackerFps).toBeGreaterThan(report.mean.endToEndFps);
  });

  it('writes results which it goes on from and which measure the same on their own', async () => {
    const out = join(root, 'results');
    const first = await run('--out', out);
    expect(first.stdout).not.toContain('=');
    expect((await readdir(out)).filter((name) => /^[^.]+(\.\d)?\.txt$/.test(name))).toEqual([
      'Stills.1.txt',
      'Stills.2.txt',
      'Video.txt',
    ]);
    expect((await readFile(join(out, 'Video.txt'), 'utf8')).trimEnd().split('\n')).toHaveLength(FRAMES);
    // Two trackers on the same truth of the same stills.
    expect(await readFile(join(out, 'Stills.1.txt'), 'utf8')).toBe(
      await readFile(join(out, 'Stills.2.txt'), 'utf8'),
    );
    await rm(join(out, 'Video.json'));
    const second = await run('--out', out);
    const marks = second.stdout.split('\n\n')[0].split('\n');
    expect(marks.map((line) => line.endsWith('='))).toEqual([false, true, true, false, false]);
    // The first table ends with speeds, which files do not tell.
    const measures = (text: string) => {
      const [table, honesty] = text.split('\n\n');
      return [...table.split('\n').map((line) => line.split(/ +/).slice(0, -2).join(' ')), honesty];
    };
    const alone = await siamtrack(['evaluate', data, '--results', out]);
    expect([alone.status, alone.stderr]).toEqual([0, '']);
    expect(measures(alone.stdout)).toEqual(measures(first.stdout));
  });

  it('sets other results beside its own, in JSON and one HTML file', async () => {
    const out = join(root, 'compared');
    const report = join(root, 'report.html');
    const other = join(root, 'other');
    await mkdir(other);
    await writeFile(
      join(other, 'Video.txt'),
      formatBoxes((await ensureFixture('moving')).boxes.slice(0, FRAMES)),
    );
    const args = ['--sequences', 'Video', '--out', out, '--report', report, '--against', `Exact=${other}`];
    const { status, stdout, stderr } = await run(...args, '--json');
    expect([status, stderr]).toEqual([0, '']);
    const { against, mean } = JSON.parse(stdout);
    expect(against).toHaveLength(1);
    expect(against[0]).toMatchObject({ name: 'Exact', mean: { auc: 1 }, honest: { score: null } });
    expect(mean.auc).toBeLessThan(1);
    const html = await readFile(report, 'utf8');
    for (const name of ['Video', 'Exact', 'tiny 1.0.0 on data']) expect(html).toContain(`>${name}<`);
    // What was found finished makes the same report, in a table as well.
    const again = await run(...args);
    expect(again.stdout.split('\n\n').map((table) => table.split(/ {2,}/)[0])).toEqual([
      'sequence',
      'honesty',
      'side by side',
    ]);
    const figures = (page: string) =>
      JSON.parse(/id="figures">(.*?)<\/script>/.exec(page)![1]).tracker.honest;
    expect(figures(await readFile(report, 'utf8'))).toEqual(figures(html));
  });

  it('leaves a report alone where the evaluation fails', async () => {
    const report = join(root, 'kept.html');
    await writeFile(report, 'before');
    const args = ['evaluate', data, '--results', join(root, 'gone'), '--report', report];
    expect(await refusal(registerEvaluate, args)).toMatchObject({ status: 1 });
    expect(await readFile(report, 'utf8')).toBe('before');
    expect((await readdir(root)).filter((name) => name.includes('part'))).toEqual([]);
  });

  it.each([
    ['a folder without sequences', () => [model], 1, /DATASET_INVALID: .*expected sequences/],
    ['a missing folder', () => [join(root, 'gone')], 1, /DATASET_INVALID: .*ENOENT/],
    ['an unknown sequence', () => [data, '--sequences', 'Nope'], 1, /sequences named Nope/],
    ['missing results', () => [data, '--results', model], 1, /Stills\.1\.txt: expected a readable text file/],
    ['a nameless result folder', () => [data, '--against', 'folder'], 2, /--against: expected NAME=FOLDER/],
    [
      'two of a name',
      () => [data, '--against', 'a=b', '--against', 'a=c'],
      2,
      /--against: expected a name for each/,
    ],
    ['results to compare that are missing', () => [data, '--against', 'a=b'], 1, /DATASET_INVALID: b.Stills/],
    [
      'a report in no folder',
      () => [data, '--report', join(root, 'no/where.html')],
      1,
      /OUTPUT_FAILED: .*no folder/,
    ],
    [
      'nothing that could be gone',
      () => [data, '--absences'],
      2,
      /--absences: expected sequences of more than 50 frames, with targets that leave room beside them, got "none"/,
    ],
    ['a budget that is none', () => [data, '--search-budget', 'all'], 2, /--search-budget: expected a whole/],
    ['runs of a frame', () => [data, '--frames', '1'], 2, /--frames: expected a whole number >= 2/],
    ['results and --out', () => [data, '--results', 'a', '--out', 'b'], 2, /--results: expected no --out/],
  ])('says what is wrong with %s', async (_, args, status, message) => {
    const got = await refusal(registerEvaluate, ['evaluate', ...args(), '--model', model]);
    expect(got.message).toMatch(message);
    expect(got.status).toBe(status);
  });
});
