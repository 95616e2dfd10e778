import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../src/common/index.js';

/** What a running server holds. */
export interface Holdings {
  /** Megabytes of memory, and of these in JavaScript's heap and beside it (buffers). */
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly descriptors: number;
  /** Programs it runs: one ffmpeg for every open source. */
  readonly children: number;
}

/** A `siamtrack serve` in a process of its own, as people start it. */
export class ServeProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly #ended: Promise<number | null>;

  private constructor(child: ChildProcess, url: string, ended: Promise<number | null>) {
    this.child = child;
    this.url = url;
    this.#ended = ended;
  }

  /** Starts it on a free port with such a configuration, written into the folder, and waits until it listens. */
  static async start(config: object, folder: string, niceness = 0): Promise<ServeProcess> {
    const file = join(folder, 'serve.yaml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(config));
    const child = spawn(
      process.execPath,
      [join(packageRoot(), 'dist/cli/main.js'), 'serve', '--config', file, '--port', '0'],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, SIAMTRACK_TOKEN: '' } },
    );
    if (niceness && child.pid !== undefined) setPriority(child.pid, niceness);
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const url = await new Promise<string>((resolve, reject) => {
      void ended.then((status) => reject(new Error(`siamtrack serve ended with ${status}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        const { msg, url } = JSON.parse(line);
        if (msg === 'listening') resolve(url);
      });
    });
    return new ServeProcess(child, url, ended);
  }

  async holdings(): Promise<Holdings> {
    const { pid = 0 } = this.child;
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const megabytes = (name: string) =>
      Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN) / 2 ** 20;
    return {
      rss:
        Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) /
        1024,
      heap: megabytes('nodejs_heap_size_used_bytes'),
      external: megabytes('nodejs_external_memory_bytes'),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      children: childrenOf(pid),
    };
  }

  /** Ends it in good order. @returns its exit status */
  stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.#ended;
  }
}

function childrenOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
    .filter((child) => child.trim() !== '').length;
}

/** Programs anywhere on the machine whose command line has this in it. */
export function commandsWith(text: string): string[] {
  return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('ffmpeg') && line.includes(text));
}

/** Of a number of values: the middle one, the one that one in a hundred is above, the largest. */
export function spreadOf(values: readonly number[]): { p50: number; p99: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
