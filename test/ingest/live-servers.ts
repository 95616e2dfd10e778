import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/common/index.js';
import {
  type Frame,
  type LiveOptions,
  type LiveSource,
  openLive,
  type SourceEvent,
} from '../../src/ingest/index.js';
import { ffmpeg } from './clips.js';

const execute = promisify(execFile);
const GST = 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer';

/** The Python that has GStreamer's RTSP server; Debian's packages serve Debian's own. `undefined`: there is none. */
export async function rtspPython(): Promise<string | undefined> {
  for (const python of ['/usr/bin/python3', 'python3']) {
    if (
      await execute(python, ['-c', GST]).then(
        () => true,
        () => false,
      )
    )
      return python;
  }
  return undefined;
}

/** A server that can be killed, frozen and asked to go. */
export class Counterpart {
  readonly child: ChildProcess;
  readonly #gone: Promise<void>;

  constructor(child: ChildProcess) {
    this.child = child;
    this.#gone = new Promise((resolve) => {
      child.once('error', () => resolve()).once('exit', () => resolve());
    });
  }

  /** Sends a signal, by default SIGKILL, and for one that ends it waits until it has gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGCONT');
    await this.kill();
  }
}

/** Runs ffmpeg as a sender until it is killed. */
export function sendWithFfmpeg(...args: string[]): Counterpart {
  return new Counterpart(
    spawn('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', ...args], { stdio: 'ignore' }),
  );
}

export interface RtspCamera extends Counterpart {
  readonly port: number;
}

const PAYLOADER = { h264: 'rtph264pay config-interval=-1', mpeg4: 'rtpmp4vpay config-interval=1' };

/** An RTSP camera at `rtsp://127.0.0.1:port/cam` that shows a Matroska clip from its start. */
export function rtspCamera(
  python: string,
  clip: string,
  options: { port?: number; codec?: keyof typeof PAYLOADER; credentials?: readonly [string, string] } = {},
): Promise<RtspCamera> {
  const { port = 0, codec = 'h264', credentials = [] } = options;
  const launch = `( filesrc location=${clip} ! matroskademux ! ${PAYLOADER[codec]} name=pay0 pt=96 )`;
  return rtspServer(python, launch, port, credentials);
}

/** The same with a GStreamer pipeline of one's own, whose payloader is called pay0. */
export async function rtspServer(
  python: string,
  launch: string,
  port = 0,
  credentials: readonly string[] = [],
): Promise<RtspCamera> {
  const child = spawn(
    python,
    [join(packageRoot(), 'test/ingest/rtsp-server.py'), String(port), '/cam', launch, ...credentials],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const camera = new Counterpart(child);
  const bound = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (text) => resolve(Number(String(text))));
    child.once('exit', () => reject(new Error('the RTSP server ended')));
  });
  return Object.assign(camera, { port: bound });
}

/** A Matroska clip of a moving test picture, `seconds` long, coded once and repeated; no picture waits for a later one. */
export async function cameraClip(
  path: string,
  { size = '320x240', rate = 25, seconds = 60, codec = 'h264' as 'h264' | 'mpeg4' } = {},
): Promise<string> {
  const once = `${path}.once.mkv`;
  const coder =
    codec === 'h264'
      ? ['libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-x264-params', 'sliced-threads=0']
      : ['mpeg4', '-bf', '0'];
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`, '-frames:v', String(rate * 2)],
    ...['-c:v', ...coder, '-g', String(Math.ceil(rate / 2)), '-pix_fmt', 'yuv420p', once],
  );
  await ffmpeg('-stream_loop', String(Math.ceil(seconds / 2)), '-i', once, '-c', 'copy', path);
  return path;
}

/** A TCP or UDP port that nobody listens to now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What is kept of a frame. */
export type Seen = Pick<Frame, 'index' | 'pts' | 'width' | 'height' | 'wallTime' | 'range' | 'matrix'>;

/** Opens a live source and takes every frame it gives. */
export class Viewer {
  readonly source: LiveSource;
  readonly events: SourceEvent[] = [];
  readonly warnings: string[] = [];
  readonly frames: Seen[] = [];
  /** What the iteration threw. */
  error?: unknown;
  /** Resolves when the iteration is over. */
  readonly over: Promise<void>;

  constructor(url: string, options: LiveOptions = {}) {
    this.source = openLive(url, {
      reconnect: { initialMs: 50, maxMs: 200 },
      ...options,
      onEvent: (event) => this.events.push(event),
      onWarning: ({ message }) => this.warnings.push(message),
    });
    this.over = this.#view();
  }

  kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  /** Waits until there is an event of this kind past the first `after` events. */
  async event<K extends SourceEvent['kind']>(kind: K, after = 0): Promise<SourceEvent & { kind: K }> {
    const find = () =>
      this.events.slice(after).find((event): event is SourceEvent & { kind: K } => event.kind === kind);
    await until(() => find() !== undefined, `${kind} among ${JSON.stringify(this.events)}`);
    return find()!;
  }

  /** Waits until `count` more frames than now have come. */
  async more(count: number): Promise<void> {
    const goal = this.frames.length + count;
    await until(() => this.frames.length >= goal, `${goal} frames after ${JSON.stringify(this.events)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source.close();
    await this.over;
  }

  async #view(): Promise<void> {
    try {
      for await (const frame of this.source) {
        const { index, pts, width, height, wallTime, range, matrix } = frame;
        this.frames.push({ index, pts, width, height, wallTime, range, matrix });
        frame.release();
      }
    } catch (error) {
      this.error = error;
    }
  }
}

/** Waits for a condition, generously. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}
