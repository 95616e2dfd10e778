import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clip, ensureFixture } from '../../fixtures/index.js';
import { registerConvert } from '../../src/cli/convert.js';
import { resultFileName } from '../../src/formats/exchange/index.js';
import { type BoxMessage, RESULT_FORMATS } from '../../src/formats/index.js';
import { ffmpeg, probedTimes } from '../ingest/clips.js';
import { MAIN, refusal, siamtrack } from './run.js';

let clip: Clip;
let clips: string;
let uneven: string;
let record: string;
let folder: string;
let boxes: string;

beforeAll(async () => {
  clip = await ensureFixture('moving');
  clips = await mkdtemp(join(tmpdir(), 'siamtrack-convert-clips-'));
  uneven = join(clips, 'uneven.mkv');
  const choice = ['-vf', "select='not(eq(mod(n,7),3))',trim=end_frame=20", '-vsync', 'vfr'];
  await ffmpeg('-i', clip.video, ...choice, '-preset', 'ultrafast', '-output_ts_offset', '1.4', uneven);
  const times = await probedTimes(uneven);
  record = times.map((pts, frame) => `${JSON.stringify(message(frame, pts))}\n`).join('');
});
afterAll(() => rm(clips, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-convert-'));
  boxes = join(folder, 'boxes.jsonl');
  await writeFile(boxes, record);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** One target that is lost in frames 8 to 11, in frames from the fourth on. */
function message(frame: number, pts: number): BoxMessage {
  const state = frame >= 8 && frame < 12 ? 'lost' : 'tracking';
  const box: [number, number, number, number] = [20.25 + Math.min(frame, 8), 30.5, 56.75, 28];
  const targets = frame < 3 ? [] : [{ id: '7', box, score: 0.9, state } as const];
  const size = { width: clip.width, height: clip.height };
  return { type: 'boxes', stream: 'clips/uneven.mkv', frame, pts, size, targets };
}

const lines = (text: string): BoxMessage[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const run = (...args: string[]) => refusal(registerConvert, ['convert', ...args]);
const to = (format: string, ...args: string[]) => run(boxes, '--to', format, ...args);
const visible = (messages: BoxMessage[]) =>
  messages.flatMap(({ frame, pts, size, targets }) =>
    targets.filter(({ state }) => state !== 'lost').map(({ id, box }) => ({ frame, pts, size, id, box })),
  );

describe('siamtrack convert', () => {
  it('writes the same file to a name and to stdout, from a name and from stdin', async () => {
    const out = join(folder, 'uneven.mot.txt');
    expect(await siamtrack(['convert', boxes, '--to', 'mot', '--out', out])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const text = await readFile(out, 'utf8');
    expect(text.split('\n')[0]).toBe('4,7,24.25,31.5,56.75,28,0.9,-1,-1,-1');
    expect((await siamtrack(['convert', boxes, '-t', 'mot'])).stdout).toBe(text);
    const piped = spawnSync(process.execPath, [MAIN, 'convert', '-', '-t', 'mot'], {
      input: await readFile(boxes),
    });
    expect([piped.status, String(piped.stderr), String(piped.stdout)]).toEqual([0, '', text]);
    expect((await readdir(folder)).sort()).toEqual(['boxes.jsonl', 'uneven.mot.txt']);
  });

  it('reads a pipe that has a name', () => {
    const script = `'${process.execPath}' '${MAIN}' convert <(cat '${boxes}') --from jsonl -t mot | wc -l`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect([stdout.trim(), stderr]).toEqual(['13', '']);
  });

  it.each(RESULT_FORMATS)('writes %s whole, and nothing else', async (format) => {
    const name = resultFileName(format, 'out');
    expect(await to(format, '--out', join(folder, name))).toEqual({
      status: 0,
      message: '',
    });
    expect((await readdir(folder)).sort()).toEqual(['boxes.jsonl', name].sort());
  });

  it.each(['mot', 'cvat', 'coco-vid', 'vot', 'otb', 'got10k'] as const)(
    'takes times and sizes of %s from the video, to the frame',
    async (format) => {
      const middle = join(folder, resultFileName(format, 'middle'));
      const back = join(folder, 'back.jsonl');
      await to(format, '--out', middle);
      expect((await run(middle, '--to', 'jsonl', '--video', uneven, '--out', back)).message).toBe('');
      const [before, after] = [lines(await readFile(boxes, 'utf8')), lines(await readFile(back, 'utf8'))];
      expect(visible(after)).toEqual(visible(before));
      expect(after.map(({ stream }) => stream)).toEqual(after.map(() => 'uneven.mkv'));
    },
  );

  it('takes a rate and a size in the place of a video', async () => {
    const mot = join(folder, 'uneven.mot.txt');
    const back = join(folder, 'back.jsonl');
    await to('mot', '--out', mot);
    await run(mot, '-t', 'jsonl', '--fps', '10', '--size', '320x240', '-o', back);
    expect(lines(await readFile(back, 'utf8'))[0]).toMatchObject({
      stream: 'uneven',
      frame: 3,
      pts: 0.3,
      size: { width: 320, height: 240 },
    });
    expect((await run(mot, '-t', 'jsonl', '-o', back)).message).toMatch(
      /--fps: expected frames per second or --video/,
    );
    expect((await run(mot, '-t', 'jsonl', '--fps', '10', '-o', back)).message).toMatch(
      /--size: expected the frame/,
    );
  });

  it('draws the boxes into the video', async () => {
    const out = join(folder, 'drawn.mp4');
    expect(await to('video', '--video', uneven, '--out', out)).toEqual({ status: 0, message: '' });
    const [drawn, given] = [await probedTimes(out), await probedTimes(uneven)];
    expect(drawn.at(-1)! - drawn[0]).toBeCloseTo(given.at(-1)! - given[0], 1);
  });

  it("tells a camera's wall-clock time in ONVIF", async () => {
    const out = join(folder, 'out.xml');
    await to('onvif', '--start-time', '2026-05-04T12:00:00Z', '--out', out);
    expect(await readFile(out, 'utf8')).toContain('<tt:Frame UtcTime="2026-05-04T12:00:01.400000Z">');
  });

  it('is content with a reader that has seen enough, and leaves nothing behind', async () => {
    const big = join(folder, 'big.jsonl');
    await writeFile(
      big,
      Array.from({ length: 20000 }, (_, k) => `${JSON.stringify(message(k, k / 25))}\n`).join(''),
    );
    const scratch = join(folder, 'scratch');
    const script = `mkdir '${scratch}'; TMPDIR='${scratch}' '${process.execPath}' '${MAIN}' convert '${big}' -t webvtt | head -n 1; echo \${PIPESTATUS[0]}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['WEBVTT\n0\n', '']);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('leaves nothing behind when interrupted', async () => {
    const fifo = join(folder, 'boxes.fifo');
    spawnSync('mkfifo', [fifo]);
    const scratch = join(folder, 'scratch');
    await mkdir(scratch);
    const args = ['convert', fifo, '--from', 'jsonl', '--to', 'cvat', '--out', join(folder, 'out.xml')];
    const { status } = await siamtrack(args, {
      env: { TMPDIR: scratch },
      onStart: async (child) => {
        // It has begun to read once the other end can be opened.
        const pipe = await open(fifo, 'w');
        await pipe.write(`${JSON.stringify(message(0, 0))}\n`);
        // Then it waits for more, which does not come.
        const copied = async () => {
          const copy = (await readdir(scratch, { recursive: true })).find((name) => name.endsWith('input'));
          return copy !== undefined && (await stat(join(scratch, copy))).size > 0;
        };
        await expect.poll(copied, { timeout: 30_000 }).toBe(true);
        child.kill('SIGINT');
        await once(child, 'close');
        await pipe.close();
      },
    });
    expect(status).toBe(130);
    expect((await readdir(folder)).sort()).toEqual(['boxes.fifo', 'boxes.jsonl', 'scratch']);
    expect(await readdir(scratch)).toEqual([]);
  });

  it.each([
    ['no such format', () => [boxes, '--to', 'xls'], /--to: expected one of jsonl, mot.*, video, got "xls"/],
    ['no format', () => [boxes], /required option '-t, --to <format>' not specified/],
    [
      'an input whose name tells no format',
      () => ['a.txt', '-t', 'mot'],
      /--from: expected one of .*got "a.txt"/,
    ],
    [
      'an input that cannot be read back',
      () => ['a.vtt', '-t', 'mot'],
      /--from: expected one of .*got "webvtt"/,
    ],
    ['a folder to stdout', () => [boxes, '-t', 'otb'], /--out: expected a name, for otb cannot go to stdout/],
    [
      'a folder from stdin',
      () => ['-', '-f', 'otb', '-t', 'mot'],
      /input: expected a folder, for otb is one/,
    ],
    [
      'a drawing on nothing',
      () => [boxes, '-t', 'video', '-o', 'a.mp4'],
      /--video: expected the video to draw on/,
    ],
    ['no rate', () => [boxes, '-t', 'mot', '--fps', '0'], /--fps: expected more than 0/],
    ['no size', () => [boxes, '-t', 'mot', '--size', '9'], /--size: expected width x height/],
    ['no time', () => [boxes, '-t', 'onvif', '--start-time', 'noon'], /--start-time: expected a time/],
    [
      'a video of another size',
      () => [join(folder, 'other.jsonl'), '-t', 'video', '--video', uneven, '-o', join(folder, 'a.mp4')],
      /--video: expected a video of 9x9 at frame 0, as the results say, got "320x240"/,
    ],
    [
      'a video that is too short',
      () => [join(folder, 'late.jsonl'), '-t', 'video', '--video', uneven, '-o', join(folder, 'a.mp4')],
      /--video: expected a video that has frame 999/,
    ],
  ])('has status 2 for %s', async (_, args, message_) => {
    await writeFile(
      join(folder, 'other.jsonl'),
      JSON.stringify({ ...message(0, 0), size: { width: 9, height: 9 } }),
    );
    await writeFile(join(folder, 'late.jsonl'), JSON.stringify(message(999, 40)));
    const got = await run(...args());
    expect(got.message).toMatch(message_);
    expect(got.status).toBe(2);
    expect((await readdir(folder)).sort()).toEqual(['boxes.jsonl', 'late.jsonl', 'other.jsonl']);
  });

  it.each([
    [
      'a missing input',
      () => [join(folder, 'gone.jsonl')],
      /RESULT_FILE_INVALID: .*gone.jsonl: expected a readable file/,
    ],
    ['a line that is no message', () => [join(folder, 'bad.jsonl')], /bad.jsonl:21: expected a line of JSON/],
    ['a missing video', () => [boxes, '--video', 'gone.mp4'], /SOURCE_NOT_FOUND/],
    ['a missing folder', () => [boxes, '--out', join(folder, 'a/b')], /OUTPUT_FAILED/],
  ])('has status 1 for %s and leaves nothing behind', async (_, args, message_) => {
    await copyFile(boxes, join(folder, 'bad.jsonl'));
    await writeFile(join(folder, 'bad.jsonl'), '{"type":"box', { flag: 'a' });
    const chosen = args();
    const out = chosen.includes('--out') ? [] : ['--out', join(folder, 'out')];
    const got = await run(...chosen, '--to', 'cvat', ...out);
    expect(got.message).toMatch(message_);
    expect(got.status).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(['bad.jsonl', 'boxes.jsonl']);
  });
});
