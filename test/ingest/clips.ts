import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type FrameSource, openSource, type SourceOptions } from '../../src/ingest/index.js';

const execute = promisify(execFile);

/** A fresh folder, and how to remove it. */
export async function scratch(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'siamtrack-ingest-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs ffmpeg with the given arguments and resolves to its standard output. */
export async function ffmpeg(...args: string[]): Promise<Buffer> {
  const { stdout } = await execute('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...args], {
    encoding: 'buffer',
    maxBuffer: 1 << 30,
  });
  return stdout;
}

/** Makes a moving test picture with noise; `args` are everything between input and path. */
export async function makeClip(
  path: string,
  args: string[],
  { size = '128x96', rate = 25, frames = 20, audio = false } = {},
): Promise<string> {
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate},noise=alls=8:allf=t`],
    ...(audio ? ['-f', 'lavfi', '-i', 'sine=frequency=440', '-shortest'] : []),
    ...['-frames:v', String(frames), '-threads', '1', ...args, path],
  );
  return path;
}

/** The encoders this ffmpeg was built with. */
export async function encoders(): Promise<Set<string>> {
  const table = (await ffmpeg('-encoders')).toString();
  return new Set([...table.matchAll(/^ V\S+ (\S+)/gm)].map((match) => match[1]));
}

/** Timestamps in seconds as ffprobe reports them, one for each decoded frame. */
export async function probedTimes(path: string): Promise<number[]> {
  const { stdout } = await execute('ffprobe', [
    ...['-v', 'error', '-select_streams', 'V:0', '-show_frames', '-of', 'json'],
    ...['-show_entries', 'frame=best_effort_timestamp_time', '-i', `file:${path}`],
  ]);
  const { frames } = JSON.parse(stdout) as { frames: { best_effort_timestamp_time?: string }[] };
  return frames.map((frame) => Number(frame.best_effort_timestamp_time));
}

/** What ffmpeg itself writes as raw planes, all frames one after another. */
export function rawPlanes(path: string, pixelFormat = 'yuv420p'): Promise<Buffer> {
  return ffmpeg(
    ...['-i', `file:${path}`, '-map', '0:V:0', '-vsync', 'passthrough'],
    ...['-pix_fmt', pixelFormat, '-f', 'rawvideo', 'pipe:1'],
  );
}

export interface Read {
  readonly info: FrameSource['info'];
  readonly indexes: number[];
  readonly times: number[];
  readonly sizes: string[];
  readonly ranges: Set<string>;
  readonly matrices: Set<string>;
  readonly planes: Buffer;
  /** What ended the iteration, where something did. */
  readonly error?: unknown;
}

/** Reads a source to its end and releases every frame. */
export async function readAll(path: string, options: SourceOptions = {}): Promise<Read> {
  const source = await openSource(path, options);
  const chunks: Uint8Array[] = [];
  const read = {
    info: source.info,
    indexes: [] as number[],
    times: [] as number[],
    sizes: [] as string[],
    ranges: new Set<string>(),
    matrices: new Set<string>(),
  };
  let error: unknown;
  try {
    for await (const frame of source) {
      read.indexes.push(frame.index);
      read.times.push(frame.pts);
      read.sizes.push(`${frame.width}x${frame.height}`);
      read.ranges.add(frame.range);
      read.matrices.add(frame.matrix);
      chunks.push(frame.y.slice(), frame.u.slice(), frame.v.slice());
      frame.release();
    }
  } catch (caught) {
    error = caught;
  }
  return { ...read, planes: Buffer.concat(chunks), error };
}
