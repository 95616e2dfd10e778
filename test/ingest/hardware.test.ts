import { createHash } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource, type SourceOptions } from '../../src/ingest/index.js';
import { makeClip, readAll, scratch } from './clips.js';

const { folder, remove } = await scratch();
const clip = join(folder, 'clip.mp4');
const FRAMES = 30;

beforeAll(() =>
  makeClip(clip, ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'], { frames: FRAMES }),
);
afterAll(() => remove());

/** An ffmpeg that runs this shell text where hardware is asked for, and is the real one everywhere else. */
async function ffmpegThat(name: string, withHardware: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(
    path,
    `#!/bin/sh\ncase " $* " in *" -hwaccel "*) hardware=1;; esac\n[ -n "$hardware" ] || exec ffmpeg "$@"\n${withHardware}\n`,
  );
  await chmod(path, 0o755);
  return path;
}

async function read(options: SourceOptions) {
  const warnings: string[] = [];
  const { indexes, times, planes, error } = await readAll(clip, {
    ...options,
    onWarning: ({ message }) => warnings.push(message),
  });
  return { frames: { indexes, times, planes: hash(planes), error }, warnings };
}

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The real arguments, but no hardware and an end after `count` frames. */
const cut = (count: number) => `n=$#; i=0; skip=0
for word in "$@"; do
  i=$((i + 1)); shift
  if [ $skip = 1 ]; then skip=0; continue; fi
  if [ "$word" = -hwaccel ]; then skip=1; continue; fi
  [ $i = $n ] && set -- "$@" -frames:v ${count}
  set -- "$@" "$word"
done
ffmpeg "$@"`;

describe('hardware decoding of a file', () => {
  it.each(['no_such_hardware', 'vaapi'])(
    '(%s) is done in software where it cannot be had',
    async (hardware) => {
      const expected = await read({});
      const { frames, warnings } = await read({ hardware });
      expect(frames).toEqual(expected.frames);
      expect(frames.indexes).toHaveLength(FRAMES);
      // A machine that has a VA-API device decodes with it and has nothing to tell.
      if (hardware === 'no_such_hardware' || warnings.length > 0)
        expect(warnings).toEqual([
          expect.stringContaining(`hardware decoding by ${hardware} failed, software takes`),
        ]);
    },
  );

  it('goes on in software at the frame where the device was lost', async () => {
    const expected = await read({ start: { frame: 3 } });
    for (const end of [
      `${cut(12)}\necho '[h264 @ 0x1] [error] hardware accelerator failed to decode picture' >&2; exec sleep 60`,
      `${cut(12)}\nexit 1`,
      `${cut(0)}\nkill -9 $$`,
    ]) {
      const ffmpegPath = await ffmpegThat('lost.sh', end);
      const { frames, warnings } = await read({ hardware: 'cuda', ffmpegPath, start: { frame: 3 } });
      expect(frames).toEqual(expected.frames);
      expect(warnings).toEqual([expect.stringContaining('hardware decoding by cuda failed')]);
    }
  });

  it('tells of an ffmpeg that gives the device up by itself, and starts no other', async () => {
    const said = '[h264 @ 0x1] [error] Failed setup for format cuda: hwaccel initialisation returned error.';
    const ffmpegPath = await ffmpegThat('without.sh', `echo '${said}' >&2\n${cut(FRAMES)}`);
    const { frames, warnings } = await read({ hardware: 'cuda', ffmpegPath });
    expect(frames).toEqual((await read({})).frames);
    expect(warnings).toEqual([expect.stringContaining('Failed setup for format cuda')]);
  });

  it('is closed while one decoder gives way to the other', async () => {
    const ffmpegPath = await ffmpegThat(
      'slow.sh',
      `trap '' TERM\necho '[error] hardware accelerator failed to decode picture' >&2; exec sleep 60`,
    );
    const source = await openSource(clip, { hardware: 'cuda', ffmpegPath, killTimeout: 200 });
    const told = source[Symbol.asyncIterator]().next();
    await source.close();
    expect(await told).toMatchObject({ done: true });
  });

  it('takes names only', async () => {
    await expect(openSource(clip, { hardware: '-i /etc/passwd' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
