import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureFixture } from '../../fixtures/index.js';
import { registerCalibrate } from '../../src/cli/calibrate.js';
import { formatBoxes } from '../../src/formats/index.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { refusal, siamtrack } from './run.js';

const FRAMES = 12;
let root: string;
let data: string;
let model: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'siamtrack-calibrate-cli-'));
  data = join(root, 'data');
  model = writeTinyModel();
  for (const name of ['moving', 'crossing'] as const) {
    const clip = await ensureFixture(name);
    await mkdir(join(data, name, 'img'), { recursive: true });
    const stills = ['-frames:v', String(FRAMES), '-q:v', '2', join(data, name, 'img/%04d.jpg')];
    spawnSync('ffmpeg', ['-v', 'error', '-i', clip.video, ...stills]);
    await writeFile(join(data, name, 'groundtruth_rect.txt'), formatBoxes(clip.boxes.slice(0, FRAMES)));
  }
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  await rm(model, { recursive: true, force: true });
});

const run = (...args: string[]) => siamtrack(['calibrate', data, '--model', model, ...args]);

describe('siamtrack calibrate', () => {
  it('reports what scores are worth before and after, of every frame but those pointed at', async () => {
    const { status, stdout, stderr } = await run();
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^2 targets, 22 frames, \d+\.\d % with IoU > 0\.5$/);
    expect(lines[1]).toMatch(/^raw score +AUROC \S+ +calibration error 0\.\d{3}$/);
    expect(lines[2]).toMatch(/^calibrated, each video left out +AUROC \S+ +calibration error 0\.\d{3}$/);
    expect(JSON.parse(lines[3])).toHaveProperty('aspect');
  });

  it('follows from several frames and both ways', async () => {
    const { stdout } = await run('--starts', '2', '--both-ways');
    // Of 12 frames 11 and 5, twice.
    expect(stdout).toMatch(/^2 targets followed 8 times, 64 frames, /);
    const both = JSON.parse((await run('--both-ways', '--json')).stdout);
    expect(both.frames).toBe(44);
  });

  it("writes the calibration into the model's manifest and leaves the rest as it was", async () => {
    const path = join(model, 'model.json');
    const before = JSON.parse(await readFile(path, 'utf8'));
    const { stdout } = await run('--write', '--json');
    const { calibration } = JSON.parse(stdout);
    const after = JSON.parse(await readFile(path, 'utf8'));
    expect(after).toEqual({ ...before, tracker: { ...before.tracker, calibration } });
    expect((await run()).status).toBe(0);
  });

  it('refuses recordings in which the target is never seen again: nothing tells hits from misses', async () => {
    const gone = join(root, 'gone');
    await cp(data, gone, { recursive: true });
    for (const name of ['moving', 'crossing']) {
      const path = join(gone, name, 'groundtruth_rect.txt');
      const [first, ...rest] = (await readFile(path, 'utf8')).trimEnd().split('\n');
      await writeFile(path, [first, ...rest.map(() => 'NaN,NaN,NaN,NaN')].join('\n'));
    }
    const { status, message } = await refusal(registerCalibrate, ['calibrate', gone, '--model', model]);
    expect(status).toBe(2);
    expect(message).toContain('got "misses alone"');
  });

  it('refuses a single video, which cannot be left out', async () => {
    const args = ['calibrate', join(data, 'moving'), '--model', model, '--both-ways'];
    const { status, message } = await refusal(registerCalibrate, args);
    expect(status).toBe(2);
    expect(message).toContain('at least two sources');
  });
});
