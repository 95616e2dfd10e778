import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { I420Picture } from '../common/index.js';
import { OutputError } from './error.js';

const STDERR_KEPT = 4000;
const COLOUR = {
  bt601: { space: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m' },
  bt709: { space: 'bt709', primaries: 'bt709', transfer: 'bt709' },
  bt2020: { space: 'bt2020nc', primaries: 'bt2020', transfer: 'bt2020-10' },
} as const;

/** An ffmpeg that turns raw I420 pictures of one size into an H.264 file at a constant rate. */
export class H264Encoder {
  readonly #file: string;
  readonly #process: ChildProcess;
  readonly #exit: Promise<string | null>;
  readonly #killAtExit = () => this.#process.kill('SIGKILL');
  #stderr = '';

  /**
   * @param file what to call the file in errors
   * @param path where ffmpeg writes; its ending chooses the container
   * @param picture gives size, range and matrix of all pictures
   * @param fps pictures per second
   */
  constructor(file: string, path: string, picture: I420Picture, fps: number) {
    this.#file = file;
    this.#process = spawn(process.env.FFMPEG_PATH ?? 'ffmpeg', encodeArguments(path, picture, fps), {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    process.once('exit', this.#killAtExit);
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    // A dying ffmpeg breaks the pipe first; its own words, once it has ended, say more.
    this.#process.stdin!.on('error', () => undefined);
    this.#exit = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(`ffmpeg that does not start: ${error.message}`));
      this.#process.once('close', (code, signal) => {
        resolve(code === 0 ? null : this.#stderr.trim() || `ffmpeg ended by ${signal ?? `status ${code}`}`);
      });
    });
  }

  /**
   * Hands over one picture, its three planes one after another. Resolves when ffmpeg has room for more; the bytes must not change
   * until the next call resolves.
   *
   * @throws {OutputError} where ffmpeg has ended
   */
  async write(planes: Uint8Array): Promise<void> {
    const stdin = this.#process.stdin!;
    if (stdin.writable && stdin.write(planes)) return;
    const drained = stdin.writable ? once(stdin, 'drain').then(() => true) : Promise.resolve(false);
    const alive = await Promise.race([drained.catch(() => false), this.#exit.then(() => false)]);
    if (!alive) await this.#fail();
  }

  /** Ends the file. @throws {OutputError} where ffmpeg could not */
  async close(): Promise<void> {
    this.#process.stdin!.end();
    const problem = await this.#exit;
    process.off('exit', this.#killAtExit);
    if (problem !== null) throw new OutputError(this.#file, problem);
  }

  /** Ends ffmpeg at once and waits until it is gone. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
    process.off('exit', this.#killAtExit);
  }

  async #fail(): Promise<never> {
    this.#process.stdin!.destroy();
    throw new OutputError(this.#file, (await this.#exit) ?? 'an ffmpeg that ended early');
  }
}

function encodeArguments(path: string, { width, height, range, matrix }: I420Picture, fps: number): string[] {
  const { space, primaries, transfer } = COLOUR[matrix];
  const colour = ['-color_range', range === 'full' ? 'pc' : 'tv', '-colorspace', space];
  const more = ['-color_primaries', primaries, '-color_trc', transfer];
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'],
    ...['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${width}x${height}`, '-r', String(fps), ...colour],
    ...['-i', 'pipe:0'],
    // H.264 in 4:2:0 has even sides only.
    ...['-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', ...colour, ...more],
    ...['-movflags', '+faststart', path],
  ];
}
