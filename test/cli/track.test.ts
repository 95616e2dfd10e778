import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clip, ensureFixture } from '../../fixtures/index.js';
import { registerTrack } from '../../src/cli/track.js';
import { BoxMessage } from '../../src/formats/index.js';
import { writeTinyModel } from '../model/tiny-model.js';
import { MAIN, refusal, siamtrack } from './run.js';

let clip: Clip;
let model: string;
let folder: string;
let first: string;

beforeAll(async () => {
  clip = await ensureFixture('moving');
  first = clip.boxes[0]!.join(',');
  model = writeTinyModel();
});
afterAll(() => rm(model, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-track-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const track = (args: string[], options = {}) => siamtrack(['track', ...args, '--model', model], options);
const messages = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => BoxMessage.parse(JSON.parse(line)));

function count(video: string): number {
  const entries = ['-select_streams', 'v', '-count_frames', '-show_entries', 'stream=nb_read_frames'];
  const { stdout } = spawnSync('ffprobe', ['-v', 'error', ...entries, '-of', 'csv=p=0', video]);
  return Number(String(stdout).trim());
}

describe('siamtrack track', () => {
  it('writes a line a frame, in order, each as the schema says', async () => {
    const { status, stdout, stderr } = await track([clip.video, '--box', first]);
    expect([status, stderr]).toEqual([0, '']);
    const lines = messages(stdout);
    expect(lines.map(({ frame }) => frame)).toEqual(Array.from({ length: clip.frames }, (_, k) => k));
    expect(lines[0]).toMatchObject({
      stream: clip.video,
      pts: 0,
      size: { width: clip.width, height: clip.height },
      targets: [{ id: '1', box: clip.boxes[0]!.map((v) => Math.round(v * 100) / 100), score: 1 }],
    });
    expect(lines[10].pts).toBeCloseTo(10 / clip.fps, 4);
    expect(lines.every(({ time }) => time === undefined)).toBe(true);
  });

  it('writes the same twice, to a file that appears whole, with a video beside it', async () => {
    const files = ['a.jsonl', 'b.jsonl'].map((name) => join(folder, name));
    const preview = join(folder, 'preview.mp4');
    const args = [clip.video, '--box', first, '--target', `other=${first}`];
    const result = await track([...args, '--out', files[0], '--preview', preview]);
    expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
    await track([...args, '--out', files[1]]);
    const [a, b] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
    expect(a).toBe(b);
    // Two targets with the same box have the same fate.
    for (const { targets } of messages(a)) {
      expect(targets.map(({ id }) => id)).toEqual(['1', 'other']);
      expect({ ...targets[1], id: '1' }).toEqual(targets[0]);
    }
    expect(count(preview)).toBe(clip.frames);
    expect((await readdir(folder)).sort()).toEqual(['a.jsonl', 'b.jsonl', 'preview.mp4']);
  });

  it.each([
    ['40', 40],
    ['1.59s', 40],
  ])('starts at --start %s', async (start, frame) => {
    const box = clip.boxes[40]!.join(',');
    const { stdout } = await track([clip.video, '--box', box, '--start', start]);
    const lines = messages(stdout);
    expect(lines[0].frame).toBe(frame);
    expect(lines).toHaveLength(clip.frames - frame);
  });

  it('keeps what came before a cut and then says where it is', async () => {
    const mp4 = join(folder, 'cut.mp4');
    const fast = ['-c', 'copy', '-movflags', '+faststart', mp4];
    spawnSync('ffmpeg', ['-v', 'error', '-i', clip.video, ...fast]);
    const size = (await readFile(mp4)).length;
    await truncate(mp4, Math.round(size * 0.6));
    const out = join(folder, 'out.jsonl');
    const { status, stderr } = await track([mp4, '--box', first, '--out', out]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^(warning.*\n)*DECODE_FAILED: .*frame \d+/);
    const lines = messages(await readFile(out, 'utf8'));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThan(clip.frames);
  });

  it('is content with a reader that has seen enough', () => {
    const args = ['track', clip.video, '--box', first, '--model', model].map((arg) => `'${arg}'`).join(' ');
    const script = `'${process.execPath}' '${MAIN}' ${args} | head -n 1; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stdout).toMatch(/\n0\n$/);
  });

  it('ends in good order when interrupted', async () => {
    const long = join(folder, 'long.mp4');
    spawnSync('ffmpeg', ['-v', 'error', '-stream_loop', '40', '-i', clip.video, '-c', 'copy', long]);
    const out = join(folder, 'out.jsonl');
    const preview = join(folder, 'out.mp4');
    const { status, stdout } = await track([long, '--box', first, '--out', out, '--preview', preview], {
      onStart: async (child: { kill(signal: string): void }) => {
        while (!(await readdir(folder)).some((name) => name.endsWith('.part.mp4'))) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        child.kill('SIGINT');
      },
    });
    expect([status, stdout]).toEqual([130, '']);
    const lines = messages(await readFile(out, 'utf8'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(41 * clip.frames);
    expect(count(preview)).toBe(lines.length);
    expect((await readdir(folder)).sort()).toEqual(['long.mp4', 'out.jsonl', 'out.mp4']);
  });

  it.each([
    ['no box', () => [], /--box: expected x,y,width,height, or a --target/],
    ['a box without area', () => ['--box', '1,2,0,4'], /--box: expected/],
    ['a box outside the frame', () => ['--box', '5000,5,9,9'], /INVALID_ARGUMENT: box/],
    ['a target without a name', () => ['--target', '1,2,3,4'], /--target: expected name=/],
    ['a name twice', () => ['-t', 'a=1,2,3,4', '-t', 'a=1,2,3,4'], /a name that no other target has/],
    ['a start nobody understands', () => ['--box', '1,2,3,4', '--start', 'noon'], /--start: expected/],
    ['no thread', () => ['--box', '1,2,3,4', '--threads', '0'], /--threads: expected/],
    ['an unknown option', () => ['--box', '1,2,3,4', '--bogus'], /unknown option '--bogus'/],
    [
      'a preview nobody can write',
      () => ['--box', first, '--preview', 'out.gif'],
      /preview: expected a file name/,
    ],
  ])('has status 2 for %s', async (_, args, message) => {
    const got = await refusal(registerTrack, ['track', clip.video, ...args(), '--model', model]);
    expect(got.message).toMatch(message);
    expect(got.status).toBe(2);
  });

  it.each([
    ['a missing source', () => ['gone.mp4'], /SOURCE_NOT_FOUND/],
    ['a source that is no video', () => [MAIN], /NOT_A_VIDEO/],
    ['a start behind the end', () => [clip.video, '--start', '100000'], /START_NOT_REACHED/],
    ['a missing model', () => [clip.video, '--model', 'nope'], /MODEL_NOT_FOUND/],
    ['an output in a missing folder', () => [clip.video, '--out', join(folder, 'a/b')], /OUTPUT_FAILED/],
    ['a full disk', () => [clip.video, '--out', '/dev/full'], /OUTPUT_FAILED.*ENOSPC/],
  ])('has status 1 for %s and leaves nothing behind', async (_, args, message) => {
    const chosen = args();
    const fallback = chosen.includes('--model') ? [] : ['--model', model];
    const got = await refusal(registerTrack, ['track', '--box', first, ...chosen, ...fallback]);
    expect(got.message).toMatch(message);
    expect(got.status).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});
