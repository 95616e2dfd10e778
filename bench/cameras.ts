import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SiamtrackClient } from '../src/stream/index.js';
import { type Counterpart, freePort, rtspPython } from '../test/ingest/live-servers.js';
import { type CameraKind, cameraLoop, ffmpegRtmp, ffmpegUdp, gstreamerRtsp } from './camera-kinds.js';
import { commandsWith, type Holdings, ServeProcess, spreadOf } from './serve-process.js';

export interface CamerasOptions {
  /** Kills of each camera, 20 instead of 4, and freezes, 3 instead of 1. */
  readonly long?: boolean;
}

/** One time that a camera was away. */
export interface Return {
  readonly camera: string;
  readonly what: string;
  /** Milliseconds from the camera's return to the first message with boxes of it. */
  readonly boxes: number;
  /** To a target that is `tracking`; NaN where that took longer than {@link SEARCH}. */
  readonly tracking: number;
  /** Milliseconds of the back-off that was the last before that. */
  readonly backoff: number;
}

export interface CamerasResult {
  readonly returns: readonly Return[];
  /** When all cameras have been seen for a while, after the kills, and at the end: larger pictures were held meanwhile. */
  readonly before: Holdings;
  readonly killed: Holdings;
  readonly after: Holdings;
  /** How `siamtrack serve` ended, and what of its programs was left. */
  readonly status: number | null;
  readonly left: number;
}

const RATE = 15;
const SETTLE = 3000;
const STALL_TIMEOUT = 3000;
/** What "in time" is: so long after the back-off. */
export const GRACE = 2000;
const PATIENCE = 90_000;
/** The target may be out of its tracker's sight: that is waited for so long. */
const SEARCH = 10_000;

/** One camera as a client of the server sees it. */
class Watched {
  readonly kind: CameraKind;
  readonly stream: string;
  readonly #client: SiamtrackClient;
  camera: Counterpart | undefined;

  constructor(stream: string, kind: CameraKind, client: SiamtrackClient) {
    this.stream = stream;
    this.kind = kind;
    this.#client = client;
  }

  async start(clip: string): Promise<void> {
    this.camera = await this.kind.start(clip);
  }

  async kill(): Promise<void> {
    await this.camera?.kill();
  }

  /** Calls `comeBack` and looks at what follows the moment it resolves. */
  async return(what: string, comeBack: () => Promise<void>): Promise<Return> {
    // The one under way when the camera returns counts, and those that follow.
    let backoff = this.#waiting;
    let back = Number.POSITIVE_INFINITY;
    const offs: (() => void)[] = [];
    try {
      return await new Promise<Return>((resolve, reject) => {
        let boxes: number | undefined;
        const fail = setTimeout(
          () => reject(new Error(`${this.kind.name}: no boxes after ${what}`)),
          PATIENCE,
        );
        offs.push(
          () => clearTimeout(fail),
          this.#client.on('stream', ({ stream, event, delay }) => {
            if (stream === this.stream && event === 'reconnecting') backoff = delay ?? 0;
          }),
          this.#client.on('boxes', ({ stream, targets }) => {
            const now = performance.now();
            if (stream !== this.stream || now < back) return;
            boxes ??= now - back;
            const found = targets.some(({ state }) => state === 'tracking');
            if (!found && now - back < SEARCH) return;
            const tracking = found ? now - back : Number.NaN;
            resolve({ camera: this.kind.name, what, boxes, backoff, tracking });
          }),
        );
        comeBack().then(() => {
          back = performance.now();
        }, reject);
      });
    } finally {
      for (const off of offs) off();
    }
  }

  #waiting = 0;
  /** Follows the back-off from now on. */
  follow(): void {
    this.#client.on('stream', ({ stream, event, delay }) => {
      if (stream !== this.stream) return;
      if (event === 'reconnecting') this.#waiting = delay ?? 0;
      if (event === 'live') this.#waiting = 0;
    });
  }
}

/**
 * A real `siamtrack serve` with a target on each of three real cameras, which are killed, frozen, changed and broken, seen through a
 * real client.
 */
export async function benchCameras({ long = false }: CamerasOptions = {}): Promise<CamerasResult> {
  const python = await rtspPython();
  if (!python) throw new Error("expected GStreamer's RTSP server for Python, got none");
  const folder = mkdtempSync(join(tmpdir(), 'siamtrack-cameras-'));
  const ports = [await freePort(), await freePort(), await freePort()];
  const kinds = [gstreamerRtsp(python, ports[0]), ffmpegRtmp(ports[1]), ffmpegUdp(ports[2])];
  const clip = cameraLoop(folder, 'small', 320, RATE);
  const large = cameraLoop(folder, 'large', 640, RATE);
  const targets = [{ id: 'car', box: [20 / 320, 136 / 240, 56 / 320, 28 / 240], units: 'normalised' }];
  const streams = kinds.map(({ url }, k) => ({
    ...{ name: `c${k}`, source: url, targets, stallTimeout: STALL_TIMEOUT },
  }));
  const server = await ServeProcess.start({ streams }, folder);
  const client = new SiamtrackClient(server.url, { reconnect: false });
  const cameras = kinds.map((kind, k) => new Watched(`c${k}`, kind, client));
  const returns: Return[] = [];
  const note = (result: Return) => {
    returns.push(result);
    process.stderr.write(`${formatReturn(result)}\n`);
  };
  try {
    for (const camera of cameras) camera.follow();
    await client.subscribe();
    // Nobody is there yet.
    await sleep(6000);
    await Promise.all(
      cameras.map(async (camera) => note(await camera.return('late start', () => camera.start(clip)))),
    );
    // As many frames are held as may be.
    await sleep(3 * SETTLE);
    const before = await server.holdings();
    await Promise.all(cameras.map((camera) => killOften(camera, clip, long ? 20 : 4, note)));
    const killed = await server.holdings();
    await torture(cameras[0], clip, large, long ? 3 : 1, note);
    await garbageOverUdp(cameras[2], ports[2], note);
    await sleep(SETTLE);
    const after = await server.holdings();
    client.close();
    const status = await server.stop();
    const left = kinds.flatMap(({ url }) => commandsWith(`-i ${url}`)).length;
    return { returns, before, killed, after, status, left };
  } finally {
    client.close();
    await server.stop();
    for (const { camera } of cameras) {
      camera?.child.kill('SIGCONT');
      await camera?.kill();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killOften(
  camera: Watched,
  clip: string,
  count: number,
  note: (result: Return) => void,
): Promise<void> {
  for (let k = 0; k < count; k++) {
    await camera.kill();
    await sleep(200 + 4000 * Math.random());
    note(await camera.return('kill -9', () => camera.start(clip)));
    await sleep(SETTLE);
  }
}

/** What else may happen to a camera that is connected to. */
async function torture(
  camera: Watched,
  clip: string,
  large: string,
  freezes: number,
  note: (result: Return) => void,
): Promise<void> {
  for (let k = 0; k < freezes; k++) {
    await camera.camera?.kill('SIGSTOP');
    await sleep(STALL_TIMEOUT + 2000 + 3000 * k);
    note(
      await camera.return('freeze', async () => {
        await camera.camera?.kill('SIGCONT');
      }),
    );
    await sleep(SETTLE);
  }
  for (const [what, next] of [
    ['larger picture', large],
    ['smaller picture', clip],
  ]) {
    await camera.kill();
    await sleep(1000);
    note(await camera.return(what, () => camera.start(next)));
    await sleep(SETTLE);
  }
  await camera.kill();
  const nonsense = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(Buffer.from(Array.from({ length: 10_000 }, () => 256 * Math.random())));
    socket.on('data', (data) =>
      socket.write(`RTSP/1.0 200 OK\r\nCSeq: x\r\nContent-Length: 9999\r\n\r\n${data}`),
    );
  });
  const { port } = new URL(camera.kind.url.replace('rtsp', 'http'));
  await new Promise<void>((resolve) => nonsense.listen(Number(port), '127.0.0.1', resolve));
  const sockets = new Set<{ destroy(): void }>();
  nonsense.on('connection', (socket) => sockets.add(socket));
  await sleep(5000);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => nonsense.close(resolve));
  note(await camera.return('garbage instead', () => camera.start(clip)));
  await sleep(SETTLE);
}

/** Nonsense among what comes, then nothing else, then the camera again. */
async function garbageOverUdp(camera: Watched, port: number, note: (result: Return) => void): Promise<void> {
  const socket = createSocket('udp4');
  const timer = setInterval(
    () =>
      socket.send(Buffer.from(Array.from({ length: 1316 }, () => 256 * Math.random())), port, '127.0.0.1'),
    10,
  );
  await sleep(2000);
  note(
    await camera.return('garbage beside', async () => {
      clearInterval(timer);
    }),
  );
  socket.close();
}

function formatReturn({ camera, what, boxes, tracking, backoff }: Return): string {
  const late = boxes > backoff + GRACE ? '  LATE' : '';
  return `${camera.padEnd(26)} ${what.padEnd(16)} boxes ${boxes.toFixed(0).padStart(6)} ms, tracking ${tracking.toFixed(0).padStart(6)} ms, back-off ${backoff.toFixed(0).padStart(5)} ms${late}`;
}

/** The figures as text. */
export function formatCameras({ returns, before, killed, after, status, left }: CamerasResult): string {
  const groups = new Map<string, Return[]>();
  for (const one of returns) {
    const key = `${one.camera.padEnd(26)} ${one.what.padEnd(16)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const cell = (value: number) => value.toFixed(0).padStart(8);
  const lines = [
    `${'camera'.padEnd(26)} ${'what'.padEnd(16)} times in time   boxes p50     max   less back-off max   found again   after p50     max   back-off max`,
  ];
  for (const [key, group] of groups) {
    const boxes = spreadOf(group.map((one) => one.boxes));
    const tracking = spreadOf(group.map((one) => one.tracking).filter((found) => !Number.isNaN(found)));
    const found = group.filter((one) => !Number.isNaN(one.tracking)).length;
    const inTime = group.filter((one) => one.boxes <= one.backoff + GRACE).length;
    lines.push(
      `${key} ${String(group.length).padStart(5)} ${String(inTime).padStart(7)} ${cell(boxes.p50).padStart(11)}${cell(boxes.max)}` +
        `${cell(spreadOf(group.map((one) => one.boxes - one.backoff)).max).padStart(20)}` +
        `${String(found).padStart(14)}${cell(tracking.p50).padStart(12)}${cell(tracking.max)}${cell(spreadOf(group.map((one) => one.backoff)).max).padStart(15)}`,
    );
  }
  const change = (key: keyof Holdings, digits = 0) =>
    [before, killed, after].map((holdings) => holdings[key].toFixed(digits)).join(' -> ');
  return [
    ...lines,
    `siamtrack serve: memory ${change('rss', 1)} MB, heap ${change('heap', 1)} MB, descriptors ${change('descriptors')}, programs ${change('children')}`,
    `ended with ${status}; ffmpeg left: ${left}`,
  ].join('\n');
}
