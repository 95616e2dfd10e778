import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Frame, openLive, openSource } from '../../src/ingest/index.js';
import { ffmpeg, scratch } from './clips.js';
import { cameraClip, until, Viewer } from './live-servers.js';
import { descriptors, processes } from './processes.js';

let folder: string;
let remove: () => Promise<void>;
let clip: string;
let short: string;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  clip = await cameraClip(join(folder, 'clip.mkv'), { size: '160x120', seconds: 30 });
  short = join(folder, 'short.mp4');
  await ffmpeg('-i', clip, '-t', '1', '-c', 'copy', short);
});

afterAll(() => remove());

async function script(name: string, body: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\ncase "$*" in *-version*) exec ffmpeg "$@";; esac\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

describe.concurrent('a file as a live source', () => {
  it('plays once at its native speed', async () => {
    const started = performance.now();
    await using viewer = new Viewer(short);
    await viewer.over;
    expect(viewer.error).toBeUndefined();
    expect(viewer.kinds()).toEqual(['connecting', 'live', 'ended']);
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(viewer.frames.length + viewer.source.skipped).toBe(25);
  });

  it('plays in a loop on one clock', async () => {
    await using viewer = new Viewer(short, { loop: true });
    await viewer.more(60);
    expect(viewer.kinds()).toEqual(['connecting', 'live']);
    const { frames } = viewer;
    for (let i = 1; i < frames.length; i++) {
      const steps = frames[i].index - frames[i - 1].index;
      expect(frames[i].pts - frames[i - 1].pts).toBeCloseTo(steps * 0.04, 1);
    }
  });

  it('that is absent is waited for', async () => {
    const late = join(folder, 'late.mp4');
    await using viewer = new Viewer(late);
    expect(await viewer.event('error')).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    await ffmpeg('-i', short, '-c', 'copy', `${late}.part.mp4`);
    await rename(`${late}.part.mp4`, late);
    await viewer.event('live');
    await viewer.event('ended');
  });

  it('that breaks off ends with an error', async () => {
    const whole = join(folder, 'whole.mp4');
    await ffmpeg('-i', short, '-c', 'copy', '-movflags', '+faststart', whole);
    const bytes = await readFile(whole);
    const broken = join(folder, 'broken.mp4');
    await writeFile(broken, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
    await using viewer = new Viewer(broken);
    await viewer.over;
    expect(viewer.error).toMatchObject({ code: 'DECODE_FAILED' });
    expect(viewer.frames.length).toBeGreaterThan(0);
    expect(viewer.kinds()).toEqual(['connecting', 'live', 'error']);
  });
});

describe('a consumer that is slower than the source', () => {
  it('gets the newest frame; every other is counted, and its index left out', async () => {
    const source = openLive('lavfi:testsrc2=size=64x48:rate=50');
    const frames: { index: number; age: number }[] = [];
    for await (const frame of source) {
      frames.push({ index: frame.index, age: Date.now() - frame.wallTime });
      frame.release();
      if (frames.length === 8) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const last = frames[7].index;
    expect(last).toBeGreaterThan(20);
    // What came after the last delivered frame may be counted too.
    expect(source.skipped).toBeGreaterThanOrEqual(last + 1 - 8);
    expect(new Set(frames.map(({ index }) => index)).size).toBe(8);
  });

  it('and holds its frames keeps them whole; others are skipped until it releases one', async () => {
    const warnings: string[] = [];
    await using source = openLive('lavfi:testsrc2=size=64x48:rate=100', {
      maxFrames: 4,
      onWarning: ({ message }) => warnings.push(message),
    });
    const iterator = source[Symbol.asyncIterator]();
    const held: Frame[] = [];
    for (let i = 0; i < 4; i++) held.push((await iterator.next()).value!);
    const copies = held.map((frame) => frame.y.slice());
    const before = source.skipped;
    await until(() => source.skipped > before + 10, 'skipped frames');
    expect(warnings).toEqual([expect.stringContaining('maxFrames 4')]);
    expect(held.map((frame) => frame.y)).toEqual(copies);
    held.pop()!.release();
    const { value } = await iterator.next();
    expect(value!.index).toBeGreaterThan(held[2].index + 10);
    for (const frame of [...held, value!]) frame.release();
  });
});

describe('a source that is lost', () => {
  it('is connected to again, without a process or descriptor left behind', async () => {
    const path = await script('brief', 'exec ffmpeg -t 0.1 "$@"');
    const open = () =>
      new Viewer(clip, { loop: true, ffmpegPath: path, reconnect: { initialMs: 1, maxMs: 1 } });
    await using warm = open();
    await warm.event('live');
    await warm.source.close();
    const before = await descriptors();
    const viewer = open();
    await until(() => viewer.kinds().filter((kind) => kind === 'live').length > 5, 'five reconnects');
    expect(viewer.events.find(({ kind }) => kind === 'reconnecting')).toMatchObject({ code: 'SOURCE_ENDED' });
    await viewer.source.close();
    await viewer.over;
    expect(await processes(folder)).toEqual([]);
    expect(await descriptors()).toBe(before);
    const { frames } = viewer;
    for (let i = 1; i < frames.length; i++) {
      expect(frames[i].index).toBeGreaterThan(frames[i - 1].index);
      expect(frames[i].pts).toBeGreaterThan(frames[i - 1].pts);
    }
  });

  it('is given up after as many attempts as were allowed', async () => {
    await using viewer = new Viewer('rtsp://me:hunter2@127.0.0.1:1/', {
      reconnect: { initialMs: 1, attempts: 2 },
    });
    await viewer.over;
    expect(viewer.error).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('rtsp://me:***@127.0.0.1:1/'),
    });
    expect(viewer.kinds().join()).toBe('connecting,reconnecting,connecting,reconnecting,connecting,error');
    expect(
      viewer.events.filter((event) => event.kind === 'connecting').map(({ attempt }) => attempt),
    ).toEqual([1, 2, 3]);
  });

  it('is an end at once where reconnecting is off', async () => {
    await using viewer = new Viewer('lavfi:testsrc2=duration=0.3', { reconnect: false });
    await viewer.over;
    expect(viewer.error).toBeUndefined();
    expect(viewer.kinds()).toEqual(['connecting', 'live', 'ended']);
  });

  it('by an ffmpeg that hangs and does not obey is killed and replaced', async () => {
    const path = await script('hanging', 'trap \'\' TERM; ffmpeg -t 0.2 "$@"; while :; do sleep 0.1; done');
    await using viewer = new Viewer(clip, {
      ffmpegPath: path,
      stallTimeout: 500,
      loop: true,
      killTimeout: 100,
    });
    await viewer.event('stalled');
    const after = viewer.events.length;
    await viewer.event('live', after);
    await viewer.source.close();
    await until(async () => (await processes(folder)).length === 0, 'no process');
  });
});

describe('closing', () => {
  it('ends the iteration at any moment: before it starts, while it waits, by a signal', async () => {
    const early = openLive('lavfi:testsrc2');
    await early.close();
    for await (const _ of early) throw new Error('a frame of a closed source');

    const waiting = openLive('rtsp://127.0.0.1:1/', { reconnect: { initialMs: 60_000 } });
    const pending = waiting[Symbol.asyncIterator]().next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await waiting.close();
    expect(await pending).toEqual({ done: true, value: undefined });

    const abort = new AbortController();
    const signalled = openLive('lavfi:testsrc2=rate=5', { signal: abort.signal });
    const iterator = signalled[Symbol.asyncIterator]();
    (await iterator.next()).value!.release();
    abort.abort(new Error('enough'));
    await expect(iterator.next()).rejects.toThrow('enough');

    const aborted = openLive('lavfi:testsrc2', { signal: AbortSignal.abort(new Error('never')) });
    await expect(aborted[Symbol.asyncIterator]().next()).rejects.toThrow('never');
  });
});

describe('what cannot work', () => {
  it('(no ffmpeg) is an error of the iteration', async () => {
    await using viewer = new Viewer(clip, { ffmpegPath: join(folder, 'none') });
    await viewer.over;
    expect(viewer.error).toMatchObject({ code: 'FFMPEG_NOT_FOUND' });
  });

  it('(no ffmpeg, an ffprobe that hangs) keeps the password to itself, in every part of the error', async () => {
    const url = 'http://me:hunter2@127.0.0.1:1/';
    const hanging = await script('silent', 'exec sleep 100');
    const errors = await Promise.all([
      openSource(url, { ffprobePath: join(folder, 'none') }).catch((error) => error),
      openSource(url, { ffprobePath: hanging, stallTimeout: 300 }).catch((error) => error),
      openSource(url).catch((error) => error),
    ]);
    expect(errors.map(({ code }) => code)).toEqual([
      'FFMPEG_NOT_FOUND',
      'SOURCE_STALLED',
      'SOURCE_UNREACHABLE',
    ]);
    for (const error of errors)
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

  it('(an option that ffmpeg does not know) is an error of the iteration', async () => {
    await using viewer = new Viewer(clip, { inputOptions: ['-no_such_option', '1'] });
    await viewer.over;
    expect(viewer.error).toMatchObject({ code: 'SOURCE_UNSUPPORTED' });
  });

  it.each(['no_such_hardware', 'vaapi'])('(hardware %s) is done in software', async (hardware) => {
    // A device that is not there, on any machine.
    const options = hardware === 'vaapi' ? ['-hwaccel_device', '/dev/dri/none'] : [];
    await using viewer = new Viewer(clip, { hardware, inputOptions: options });
    await viewer.more(5);
    expect(viewer.kinds()).toEqual(['connecting', 'error', 'connecting', 'live']);
    expect(viewer.events[1]).toMatchObject({ code: 'HARDWARE_FAILED' });
    expect(viewer.warnings[0]).toContain(hardware);
  });

  it('(a listener that throws) does not take the source down', async () => {
    const caught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => caught.push(error));
    try {
      await using source = openLive('lavfi:testsrc2', {
        onEvent: () => {
          throw new Error('listener');
        },
      });
      for await (const frame of source) {
        frame.release();
        if (frame.index > 3) break;
      }
      expect(caught.map(String)).toEqual(['Error: listener', 'Error: listener']);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });
});
