import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Box } from '../../src/common/index.js';
import { backwards, type FrameView, type Sequence } from '../../src/datasets/index.js';
import { framesOf } from '../../src/evaluate/frames.js';
import { makeClip, scratch } from '../ingest/clips.js';

let folder: string;
let video: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  video = await makeClip(join(folder, 'clip.mp4'), ['-c:v', 'libx264', '-bf', '2', '-pix_fmt', 'yuv420p']);
});
afterAll(() => remove());

function sequence(skip: number, frames: number): Sequence {
  const boxes = Array.from({ length: frames }, (): Box => [0, 0, 10, 10]);
  return {
    name: 'clip',
    layout: 'video',
    source: video,
    pictures: null,
    skip,
    targets: [{ name: 'clip', file: 'gt.txt', boxes }],
  };
}

async function seen(of: Sequence) {
  const found: { picture: string; pts: number }[] = [];
  for await (const frame of framesOf(of)) {
    const hash = createHash('sha256').update(frame.y).update(frame.u).update(frame.v);
    found.push({ picture: hash.digest('hex'), pts: frame.pts });
    frame.release?.();
  }
  return found;
}

describe('frames of a sequence', () => {
  it('are those of its source from its first box on', async () => {
    const all = await seen(sequence(0, 20));
    expect(all).toHaveLength(20);
    expect(new Set(all.map(({ picture }) => picture)).size).toBe(20);
    expect(await seen(sequence(7, 13))).toEqual(all.slice(7));
  });

  it('backwards are the same pictures from its last box down, while time runs on', async () => {
    const all = await seen(sequence(0, 20));
    const [run] = backwards([sequence(5, 10)]);
    const back = await seen(run);
    expect(back.map(({ picture }) => picture)).toEqual(
      all
        .slice(0, 15)
        .reverse()
        .map(({ picture }) => picture),
    );
    for (const [k, { pts }] of back.slice(1).entries()) expect(pts - back[k].pts).toBeCloseTo(1 / 25, 3);
  });

  it('are shown as its views say, the others whole', async () => {
    const whole = await seen(sequence(0, 4));
    const views: FrameView[] = [
      {},
      { window: [2, 4, 40, 30] },
      { cover: [0, 0, 20, 20], source: [40, 40, 20, 20] },
    ];
    const sizes: string[] = [];
    for await (const frame of framesOf({ ...sequence(0, 4), views })) {
      const { width, height, y } = frame;
      expect(y.length).toBe(width * height);
      sizes.push(`${width}x${height}`);
      frame.release?.();
    }
    expect(sizes[1]).toBe('40x30');
    expect(new Set([...sizes.slice(0, 1), ...sizes.slice(2)]).size).toBe(1);
    const through = await seen({ ...sequence(0, 4), views });
    expect(through.map(({ pts }) => pts)).toEqual(whole.map(({ pts }) => pts));
    expect(through.map(({ picture }, k) => picture === whole[k].picture).slice(0, 4)).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('backwards from a frame that the source has not are refused, by name', async () => {
    const [run] = backwards([sequence(0, 25)]);
    await expect(seen(run)).rejects.toMatchObject({ code: 'DECODE_FAILED', frame: 24 });
  });

  it('backwards leave nothing on the disk, not even where they are not read to the end', async () => {
    vi.stubEnv('TMPDIR', folder);
    try {
      const before = await readdir(folder);
      const [run] = backwards([sequence(0, 20)]);
      for await (const _ of framesOf(run)) break;
      expect(await readdir(folder)).toEqual(before);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
