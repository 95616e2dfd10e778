import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a real Redis is installed. */
export const redisInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** A real Redis of its own, with an append-only file, that can be killed and started again. */
export class TestRedis {
  readonly url: string;
  readonly #port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.#port = port;
    this.#folder = folder;
    this.url = `redis://127.0.0.1:${port}`;
  }

  static async start(): Promise<TestRedis> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    const redis = new TestRedis(port, mkdtempSync(join(tmpdir(), 'siamtrack-redis-')));
    await redis.run();
    return redis;
  }

  async run(): Promise<void> {
    const where = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#folder];
    this.#child = spawn('redis-server', [...where, '--appendonly', 'yes', '--save', ''], { stdio: 'ignore' });
    for (;;) {
      const { stdout } = spawnSync('redis-cli', ['-p', String(this.#port), 'ping'], { encoding: 'utf8' });
      if (stdout.startsWith('PONG')) return;
      await sleep(50);
    }
  }

  async kill(): Promise<void> {
    const gone = once(this.#child as ChildProcess, 'exit');
    this.#child?.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
