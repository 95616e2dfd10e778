import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Page } from 'playwright-core';
import { stringify } from 'yaml';
import { packageRoot } from '../../../../src/common/index.js';

/** The built command line and page, as `npm run build` leaves them. */
const MAIN = join(packageRoot(), 'dist/cli/main.js');
export const VIEWER = join(packageRoot(), 'dist/stream/viewer/index.html');

/** A Chromium of this machine, if there is one. */
export function findChromium(): string | undefined {
  const names = ['chromium-headless-shell', 'chromium', 'google-chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path) && spawnSync(path, ['--version']).status === 0);
}

/** The shipped model, but sooner to doubt and to lose: what the page shows of that is to be seen. */
function cautiousModel(folder: string): string {
  const shipped = join(packageRoot(), 'models/siamtrack-s');
  const own = join(folder, 'cautious');
  cpSync(shipped, own, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(own, 'model.json'), 'utf8'));
  manifest.tracker.states = { tracking: 0.8, lost: 0.4 };
  writeFileSync(join(own, 'model.json'), JSON.stringify(manifest));
  return own;
}

/** A `siamtrack serve` process on a port of its own. */
export class ServeProcess {
  readonly url: string;
  readonly #port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'siamtrack-'));
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}/`;
  }

  /** @param streams of its configuration */
  static async start(streams: readonly object[]): Promise<ServeProcess> {
    const serving = new ServeProcess(await freePort());
    writeFileSync(
      join(serving.#folder, 'siamtrack.yaml'),
      stringify({ streams, model: { name: cautiousModel(serving.#folder), precision: 'float32' } }),
    );
    await serving.start();
    return serving;
  }

  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const args = ['serve', '--config', join(this.#folder, 'siamtrack.yaml'), '--port', String(this.#port)];
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const listen = (text: Buffer) => {
        said += text;
        if (said.includes('"listening"')) resolve();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('exit', () => reject(new Error(`siamtrack serve ended: ${said}`)));
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('expected a port');
  return address.port;
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
type Json = any;

/** What goes over a page's WebSockets, and what else it asks for. */
export class Traffic {
  readonly received: Json[] = [];
  readonly sent: Json[] = [];
  readonly addresses: string[] = [];
  /** What the page complained of, violations of its policy among it. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    page.on('websocket', (socket) => {
      this.addresses.push(socket.url());
      socket.on('framereceived', ({ payload }) => {
        if (typeof payload === 'string') this.received.push(JSON.parse(payload));
      });
      socket.on('framesent', ({ payload }) => this.sent.push(JSON.parse(String(payload))));
    });
    page.on('request', (request) => this.addresses.push(request.url()));
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** A target in a frame, from box messages or a history. */
  target(stream: string, target: string, frame: number): Json {
    for (const message of [...this.received].reverse()) {
      if (message.stream !== stream) continue;
      if (message.type === 'target' && message.target === target) {
        const entry = message.history?.find((point: Json) => point.frame === frame);
        if (entry) return entry;
      }
      if (message.type === 'boxes' && message.frame === frame) {
        const found = message.targets.find(({ id }: Json) => id === target);
        if (found) return found;
      }
    }
    return undefined;
  }
}
