import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/common/index.js';
import { openSource, type SourceWarning } from '../../src/ingest/index.js';
import { ffmpeg, makeClip, readAll, scratch } from './clips.js';

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-pix_fmt', 'yuv420p'];

let folder: string;
let remove: () => Promise<void>;
let clip: string;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  clip = await makeClip(join(folder, 'clip.mp4'), [...X264, '-movflags', '+faststart'], { frames: 60 });
});

afterAll(() => remove());

async function script(name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('a file that is cut', () => {
  it.each(['mp4', 'mkv', 'avi', 'flv', 'ts', 'mpg'])(
    '(%s) yields every frame before the cut, then an error that names the frame',
    async (extension) => {
      const whole = join(folder, `whole.${extension}`);
      const recode = extension === 'mpg' || extension === 'avi' ? ['-c:v', 'mpeg2video'] : ['-c', 'copy'];
      await ffmpeg('-i', clip, ...recode, '-movflags', '+faststart', whole);
      const bytes = await readFile(whole);
      const path = join(folder, `cut.${extension}`);
      await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
      const [full, cut] = await Promise.all([readAll(whole), readAll(path)]);

      expect(full.error).toBeUndefined();
      expect(full.indexes).toHaveLength(60);
      expect(cut.error).toMatchObject({ code: 'DECODE_FAILED', frame: cut.indexes.length });
      expect((cut.error as Error).message).toContain(`stops at frame ${cut.indexes.length}`);
      expect(cut.indexes.length).toBeGreaterThan(20);
      expect(cut.indexes.length).toBeLessThan(50);
      // The last few may be decoded from what there is of them, or lack the B-frames before them; all before are whole.
      const count = cut.indexes.length - 4;
      expect(cut.times.slice(0, count)).toEqual(full.times.slice(0, count));
      const sound = count * 128 * 96 * 1.5;
      expect(cut.planes.subarray(0, sound).equals(full.planes.subarray(0, sound))).toBe(true);
    },
  );

  it('goes on past damage in the middle and tells of it', async () => {
    const whole = join(folder, 'sound.ts');
    await ffmpeg(
      '-i',
      clip,
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '10',
      '-pix_fmt',
      'yuv420p',
      whole,
    );
    const bytes = await readFile(whole);
    const path = join(folder, 'damaged.ts');
    const third = Math.floor(bytes.length / 564) * 188;
    await writeFile(path, bytes.fill(0x55, third + 40, third + 900));
    const warnings: SourceWarning[] = [];
    const read = await readAll(path, { onWarning: (warning) => warnings.push(warning) });
    expect(read.error).toBeUndefined();
    expect(read.indexes.length).toBeGreaterThan(50);
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings[0].message).toMatch(/\w/);
  });
});

describe('one clear error', () => {
  it('for a missing file', async () => {
    await expect(openSource(join(folder, 'none.mp4'))).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });

  it('for a path that the system refuses to follow', async () => {
    await symlink('loop', join(folder, 'loop'));
    await expect(openSource(join(folder, 'loop'))).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  it('for a folder that may not be read', async (context) => {
    if (process.getuid?.() === 0) context.skip('the superuser may read everything');
    const path = join(folder, 'locked');
    await mkdir(path, { mode: 0 });
    await expect(openSource(path)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  it.each([
    ['text', 'just words, no picture in them\n'],
    ['nothing', ''],
    ['a container cut before its index', 'cut'],
  ])('for a file that holds %s', async (_, content) => {
    const path = join(folder, 'not-a-video.mp4');
    const late = join(folder, 'late.mp4');
    if (content === 'cut') await ffmpeg('-i', clip, '-c', 'copy', late);
    await writeFile(path, content === 'cut' ? (await readFile(late)).subarray(0, 20_000) : content);
    await expect(openSource(path)).rejects.toMatchObject({
      code: 'NOT_A_VIDEO',
      message: expect.stringContaining(path),
    });
  });

  it('for sound without pictures, with or without a cover', async () => {
    const sound = join(folder, 'sound.mp3');
    await ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', sound);
    await expect(openSource(sound)).rejects.toMatchObject({ code: 'NOT_A_VIDEO' });
    const covered = join(folder, 'covered.mp3');
    const cover = join(folder, 'cover.png');
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=1', '-frames:v', '1', cover);
    await ffmpeg('-i', sound, '-i', cover, '-map', '0', '-map', '1', '-c', 'copy', covered);
    await expect(openSource(covered)).rejects.toMatchObject({ code: 'NOT_A_VIDEO' });
  });

  it('for an address and for a device', async () => {
    await expect(openSource('rtsp://user:secret@camera/1')).rejects.toMatchObject({
      code: 'SOURCE_UNSUPPORTED',
      message: expect.not.stringContaining('secret'),
    });
    await expect(openSource('/dev/null')).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' });
  });

  it('for a missing ffmpeg or ffprobe', async () => {
    const missing = join(folder, 'no-such-program');
    for (const options of [{ ffmpegPath: missing }, { ffprobePath: missing }]) {
      await expect(openSource(clip, options)).rejects.toMatchObject({
        code: 'FFMPEG_NOT_FOUND',
        message: expect.stringContaining(missing),
      });
    }
  });

  it('for an ffmpeg that vanishes between opening and reading', async () => {
    const path = await script('brief', 'exec ffmpeg "$@"');
    const source = await openSource(clip, { ffmpegPath: path });
    await chmod(path, 0o644);
    const first = source[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ code: 'FFMPEG_NOT_FOUND' });
  });

  it('for an ffprobe and for an ffmpeg that say nothing', async () => {
    const path = await script('mute', 'case "$*" in *-version*) exec ffmpeg "$@";; esac; exec sleep 1000');
    await expect(openSource(clip, { ffprobePath: path, stallTimeout: 300 })).rejects.toMatchObject({
      code: 'SOURCE_STALLED',
    });
    const source = await openSource(clip, { ffmpegPath: path, stallTimeout: 3000, killTimeout: 10_000 });
    await expect(source[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'SOURCE_STALLED' });
  });

  it('for an ffmpeg that is killed from outside', async () => {
    const path = await script('dying', 'case "$*" in *-version*) exec ffmpeg "$@";; esac; kill -9 $$');
    const read = await readAll(clip, { ffmpegPath: path });
    expect(read.error).toMatchObject({ code: 'DECODE_FAILED', message: expect.stringContaining('SIGKILL') });
  });

  it.each([
    { threads: 0 },
    { readAhead: 1.5 },
    { maxFrames: 0 },
    { stallTimeout: Number.NaN },
    { start: { frame: -1 } },
    { start: { seconds: Number.NaN } },
  ])('for the option %o', async (options) => {
    await expect(openSource(clip, options)).rejects.toThrow(InvalidArgumentError);
  });
});
