import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoders, ffmpeg, makeClip, probedTimes, rawPlanes, readAll, scratch } from './clips.js';

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

interface Case {
  readonly name: string;
  readonly file: string;
  readonly encoder: string;
  readonly args: string[];
  readonly make?: { rate?: number; frames?: number; audio?: boolean };
  /** What every frame should measure; default that of the test picture. */
  readonly size?: string;
  /** What ffmpeg is asked for to compare with; a full-range one for full-range streams. Default yuv420p. */
  readonly pixelFormat?: string;
}

const CASES: Case[] = [
  { name: 'MPEG-1', file: 'a.mpg', encoder: 'mpeg1video', args: ['-c:v', 'mpeg1video', '-bf', '2'] },
  {
    name: 'interlaced MPEG-2 in a transport stream',
    file: 'a.ts',
    encoder: 'mpeg2video',
    args: ['-vf', 'interlace', '-c:v', 'mpeg2video', '-bf', '2', '-flags', '+ildct+ilme'],
    make: { rate: 50 },
  },
  {
    name: 'MPEG-4 part 2 with B-frames in AVI',
    file: 'a.avi',
    encoder: 'mpeg4',
    args: ['-c:v', 'mpeg4', '-bf', '2'],
  },
  {
    name: 'H.264 with B-frames and audio',
    file: 'a.mp4',
    encoder: 'libx264',
    args: ['-c:v', 'libx264', '-preset', 'medium', '-bf', '3', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    make: { audio: true, frames: 30 },
  },
  {
    name: 'interlaced H.264 in MOV',
    file: 'a.mov',
    encoder: 'libx264',
    args: [...X264, '-flags', '+ildct', '-x264-params', 'tff=1'],
  },
  { name: 'H.264 in a transport stream', file: 'b.ts', encoder: 'libx264', args: [...X264, '-bf', '2'] },
  { name: 'H.264 without a container', file: 'a.264', encoder: 'libx264', args: [...X264, '-bf', '0'] },
  {
    name: 'HEVC in Matroska',
    file: 'a.mkv',
    encoder: 'libx265',
    args: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:bframes=3:pools=1'],
  },
  { name: 'VP8', file: 'a.webm', encoder: 'libvpx', args: ['-c:v', 'libvpx', '-deadline', 'realtime'] },
  {
    name: 'VP9',
    file: 'b.webm',
    encoder: 'libvpx-vp9',
    args: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p'],
  },
  {
    name: 'AV1',
    file: 'c.mkv',
    encoder: 'libaom-av1',
    args: ['-c:v', 'libaom-av1', '-cpu-used', '8', '-usage', 'realtime'],
    make: { frames: 6 },
  },
  {
    name: 'Motion JPEG (full range)',
    file: 'b.avi',
    encoder: 'mjpeg',
    args: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'],
    pixelFormat: 'yuvj420p',
  },
  {
    name: 'Motion JPEG 4:2:2 (full range)',
    file: 'c.avi',
    encoder: 'mjpeg',
    args: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj422p'],
    pixelFormat: 'yuvj420p',
  },
  { name: '10-bit FFV1', file: 'd.mkv', encoder: 'ffv1', args: ['-c:v', 'ffv1', '-pix_fmt', 'yuv420p10le'] },
  { name: '4:4:4 FFV1', file: 'e.mkv', encoder: 'ffv1', args: ['-c:v', 'ffv1', '-pix_fmt', 'yuv444p'] },
  {
    name: 'grey FFV1',
    file: 'f.mkv',
    encoder: 'ffv1',
    args: ['-c:v', 'ffv1', '-pix_fmt', 'gray'],
    pixelFormat: 'yuvj420p',
  },
  {
    name: 'grey H.264',
    file: 'g.mp4',
    encoder: 'libx264',
    args: ['-c:v', 'libx264', '-pix_fmt', 'gray'],
    pixelFormat: 'yuvj420p',
  },
  { name: 'RGB FFV1', file: 'h.mkv', encoder: 'ffv1', args: ['-c:v', 'ffv1', '-pix_fmt', 'bgr0'] },
  {
    name: 'odd width and height',
    file: 'i.mkv',
    encoder: 'ffv1',
    args: ['-vf', 'scale=127:95', '-c:v', 'ffv1', '-pix_fmt', 'yuv420p'],
    size: '127x95',
  },
  {
    name: 'variable frame rate',
    file: 'j.mp4',
    encoder: 'libx264',
    args: [...['-vf', "select='not(mod(n\\,3))+eq(mod(n\\,7)\\,1)'", '-vsync', 'vfr', '-bf', '2'], ...X264],
  },
  {
    name: 'variable frame rate in milliseconds',
    file: 'k.mkv',
    encoder: 'libx264',
    args: [
      ...['-vf', 'setpts=PTS+0.3*sin(N)/TB/25', '-vsync', 'passthrough'],
      '-enc_time_base',
      '1:1000',
      ...X264,
    ],
    make: { rate: 30 },
  },
];

let folder: string;
let remove: () => Promise<void>;
let available: Set<string>;
let plain: string;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  available = await encoders();
  plain = await makeClip(join(folder, 'plain.mp4'), X264, { frames: 3 });
});

afterAll(() => remove());

describe('a video file', () => {
  it.each(CASES)('$name: frames, order, pts and pixels are those of ffprobe and ffmpeg', async (test) => {
    if (!available.has(test.encoder)) {
      console.warn(`${test.name}: skipped, this ffmpeg has no ${test.encoder}`);
      return;
    }
    const path = await makeClip(join(folder, test.file), test.args, test.make);
    const [times, planes] = await Promise.all([probedTimes(path), rawPlanes(path, test.pixelFormat)]);
    const read = await readAll(path);

    expect(read.error).toBeUndefined();
    expect(times.length).toBeGreaterThan(3);
    expect(read.indexes).toEqual(times.map((_, index) => index));
    read.times.forEach((time, index) => {
      // ffprobe prints microseconds, and N/A for some frames of streams without timestamps.
      if (Number.isFinite(times[index])) expect(Math.abs(time - times[index])).toBeLessThan(1.01e-6);
      else expect(time).toBeGreaterThanOrEqual(index > 0 ? read.times[index - 1] : 0);
    });
    expect(read.planes.equals(planes)).toBe(true);
    expect(new Set(read.sizes)).toEqual(new Set([test.size ?? '128x96']));
    expect(`${read.info.width}x${read.info.height}`).toBe(test.size ?? '128x96');
    expect([...read.ranges]).toEqual([test.pixelFormat ? 'full' : 'limited']);
  });

  it.each([90, 180, 270])('is upright when the container turns it (rotate=%i)', async (turn) => {
    const path = join(folder, `turned ${turn}.mp4`);
    await ffmpeg('-i', plain, '-c', 'copy', '-metadata:s:v', `rotate=${turn}`, path);
    const read = await readAll(path);

    expect(new Set(read.sizes)).toEqual(new Set([turn === 180 ? '128x96' : '96x128']));
    expect([read.info.width, read.info.height].join('x')).toBe(read.sizes[0]);
    expect(read.planes.equals(await rawPlanes(path))).toBe(true);
    // Turned clockwise by 90 degrees, the lower left corner of the stored frame comes to the upper left.
    const stored = await rawPlanes(plain);
    const corner = { 0: 0, 90: 95 * 128, 180: 95 * 128 + 127, 270: 127 }[read.info.rotation];
    const row = read.planes.subarray(0, 4);
    const step = { 0: 1, 90: -128, 180: -1, 270: 128 }[read.info.rotation];
    expect([...row]).toEqual([0, 1, 2, 3].map((i) => stored[corner + i * step]));
    expect(read.info.rotation).not.toBe(0);
  });

  it('carries the colour matrix and range that the stream states', async () => {
    const path = await makeClip(join(folder, 'bt709.mp4'), [
      ...X264,
      ...['-colorspace', 'bt709', '-color_range', 'pc', '-vf', 'scale=out_range=full'],
    ]);
    const read = await readAll(path);
    expect([...read.matrices]).toEqual(['bt709']);
    expect([...read.ranges]).toEqual(['full']);
    expect(read.planes.equals(await rawPlanes(path, 'yuvj420p'))).toBe(true);
  });

  it('yields each frame in its own size when the size changes on the way', async () => {
    const small = await makeClip(join(folder, 's.ts'), [...X264, '-bf', '0'], { frames: 5 });
    const large = await makeClip(join(folder, 'l.ts'), [...X264, '-bf', '0'], { frames: 5, size: '160x128' });
    const path = join(folder, 'both.ts');
    await ffmpeg('-i', `concat:${small}|${large}`, '-c', 'copy', '-f', 'mpegts', path);
    const read = await readAll(path);
    expect(read.error).toBeUndefined();
    expect(read.sizes).toEqual([...Array(5).fill('128x96'), ...Array(5).fill('160x128')]);
    const expected = Buffer.concat([await rawPlanes(small), await rawPlanes(large)]);
    expect(read.planes.equals(expected)).toBe(true);
  });

  it('starts exactly at a frame or at a time', async () => {
    const path = await makeClip(join(folder, 'start.mp4'), [...X264, '-bf', '2']);
    const whole = await readAll(path);
    for (const start of [{ frame: 7 }, { seconds: 0.28 }]) {
      const read = await readAll(path, { start });
      expect(read.indexes).toEqual(whole.indexes.slice(7));
      expect(read.times).toEqual(whole.times.slice(7));
      expect(read.planes.equals(whole.planes.subarray(-read.planes.length))).toBe(true);
    }
  });

  it.each([' two  spaces.mp4', '-y.mp4', 'a:b.mp4', '100%d.mp4', 'ünï 日本.mp4', "quote'[0].mp4"])(
    'may be called %s',
    async (name) => {
      await copyFile(plain, join(folder, name));
      const before = process.cwd();
      // A name is tried as it is, without a folder in front.
      process.chdir(folder);
      try {
        expect((await readAll(name)).indexes).toEqual([0, 1, 2]);
      } finally {
        process.chdir(before);
      }
    },
  );
});
