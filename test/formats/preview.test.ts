import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PreviewWriter } from '../../src/formats/index.js';
import { greyFrame } from './pictures.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siamtrack-preview-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const target = { id: 'car', box: [20, 20, 16, 12] as const, score: 0.9, state: 'tracking' as const };

/** Luma of every frame, as ffmpeg decodes it. */
function decode(file: string, width: number, height: number): Buffer[] {
  const raw = execFileSync(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'],
    {
      maxBuffer: 1 << 28,
    },
  );
  const size = (width * height * 3) / 2;
  return Array.from({ length: raw.length / size }, (_, k) =>
    raw.subarray(k * size, k * size + width * height),
  );
}

async function render(pts: number[], fps: number, size: [number, number] = [64, 48]): Promise<Buffer[]> {
  const file = join(folder, 'out.mp4');
  const preview = await PreviewWriter.open(file, { fps });
  for (const [index, at] of pts.entries()) {
    await preview.write(greyFrame(...size, { index, pts: at, luma: 40 + 15 * index }), [target]);
  }
  await preview.close();
  const even = size.map((side) => side + (side % 2)) as [number, number];
  return decode(file, ...even);
}

/** Which of the input's frames each frame of the output shows, by the grey of a pixel far from any drawing. */
function shown(frames: Buffer[], width: number): number[] {
  return frames.map((luma) => Math.round((luma[40 * width + 60] - 40) / 15));
}

describe('PreviewWriter', () => {
  it('writes each frame once, with boxes in it, and leaves the frames alone', async () => {
    const frames = await render([0, 0.04, 0.08, 0.12], 25);
    expect(shown(frames, 64)).toEqual([0, 1, 2, 3]);
    expect(Math.abs(frames[0][26 * 64 + 20] - 40)).toBeGreaterThan(40);
    expect(await readdir(folder)).toEqual(['out.mp4']);
  });

  it('shows frames for as long as their pts say', async () => {
    expect(shown(await render([5, 5.1, 5.4, 5.5, 5.51], 10), 64)).toEqual([0, 1, 1, 1, 2, 4]);
  });

  it('does not fill a long gap or a step back in time', async () => {
    expect(shown(await render([0, 0.1, 900, 900.1, 3], 10), 64)).toEqual([0, 1, 2, 3, 4]);
  });

  it('pads odd sizes, which H.264 cannot have', async () => {
    expect(await render([0, 0.1], 10, [63, 47])).toHaveLength(2);
  });

  it('makes no file without frames', async () => {
    const preview = await PreviewWriter.open(join(folder, 'out.mp4'), { fps: 25 });
    await preview.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves no trace when it gives up', async () => {
    const preview = await PreviewWriter.open(join(folder, 'out.mkv'), { fps: 25 });
    await preview.write(greyFrame(64, 48), [target]);
    await preview.write(greyFrame(64, 48, { pts: 1 }), [target]);
    await preview.abort();
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a frame of another size', async () => {
    const preview = await PreviewWriter.open(join(folder, 'out.mp4'), { fps: 25 });
    await preview.write(greyFrame(64, 48), []);
    await expect(preview.write(greyFrame(64, 50, { pts: 1 }), [])).rejects.toThrow('64x50 after 64x48');
    await preview.abort();
  });

  it('says what is wrong with its arguments', async () => {
    await expect(PreviewWriter.open('out.txt', { fps: 25 })).rejects.toThrow(
      /^preview: expected a file name/,
    );
    await expect(PreviewWriter.open('out.mp4', { fps: 0 })).rejects.toThrow(/^fps: expected more than 0/);
  });

  it("passes on ffmpeg's own words", async () => {
    // H.264 has a largest size; ffmpeg refuses beyond it.
    const preview = await PreviewWriter.open(join(folder, 'out.mp4'), { fps: 25 });
    const writing = async () => {
      await preview.write(greyFrame(20000, 2), []);
      await preview.close();
    };
    await expect(writing()).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
    expect(await readdir(folder)).toEqual([]);
  });
});
