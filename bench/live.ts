// Live sources against a real RTSP server, by hand: after `npm run bench -- --help` has compiled it,
// `node .cache/tools/bench/live.js latency | kills | reconnects`.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLive } from '../src/ingest/index.js';
import {
  cameraClip,
  freePort,
  type RtspCamera,
  rtspCamera,
  rtspPython,
  rtspServer,
  until,
  Viewer,
} from '../test/ingest/live-servers.js';

const WIDTH = 640;
const HEIGHT = 480;
const RATE = 30;
const BLOCK = 16;
const BITS = 48;
const PER_ROW = 24;

/** Draws the time, in milliseconds since the epoch, as black and white blocks into a luma plane. */
function drawTime(luma: Uint8Array, time: number): void {
  const bits = BigInt(time);
  for (let bit = 0; bit < BITS; bit++) {
    const value = (bits >> BigInt(bit)) & 1n ? 235 : 16;
    const start = Math.floor(bit / PER_ROW) * BLOCK * WIDTH + (bit % PER_ROW) * BLOCK;
    for (let y = 0; y < BLOCK; y++) luma.fill(value, start + y * WIDTH, start + y * WIDTH + BLOCK);
  }
}

function readTime(luma: Uint8Array): number {
  let bits = 0n;
  for (let bit = 0; bit < BITS; bit++) {
    const x = (bit % PER_ROW) * BLOCK + BLOCK / 2;
    const y = Math.floor(bit / PER_ROW) * BLOCK + BLOCK / 2;
    if (luma[y * WIDTH + x] > 128) bits |= 1n << BigInt(bit);
  }
  return Number(bits);
}

/** Codes a picture of the time `RATE` times a second and sends it as RTP. */
function sendTime(port: number): { encoder: ChildProcess; sent: number[] } {
  const encoder = spawn(
    'ffmpeg',
    [
      ...['-v', 'error', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${WIDTH}x${HEIGHT}`],
      ...[
        '-framerate',
        String(RATE),
        '-probesize',
        '32',
        '-i',
        'pipe:0',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
      ],
      ...['-tune', 'zerolatency', '-x264-params', 'sliced-threads=0', '-g', String(RATE)],
      ...['-f', 'rtp', '-flush_packets', '1', `rtp://127.0.0.1:${port}`],
    ],
    { stdio: ['pipe', 'ignore', 'ignore'] },
  );
  encoder.stdin.on('error', () => {});
  const sent: number[] = [];
  let next = performance.now();
  const send = () => {
    if (encoder.exitCode !== null || encoder.signalCode !== null) return;
    const frame = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128);
    for (let y = 2 * BLOCK; y < HEIGHT; y++)
      frame.fill((3 * sent.length + y) & 255, y * WIDTH, (y + 1) * WIDTH);
    drawTime(frame, Date.now());
    sent.push(performance.now());
    encoder.stdin.write(frame);
    next += 1000 / RATE;
    setTimeout(send, Math.max(0, next - performance.now()));
  };
  send();
  return { encoder, sent };
}

function summary(values: readonly number[]): Record<string, number> {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** What the sender itself takes, from drawing a frame to its last RTP packet. */
async function senderDelay(): Promise<Record<string, number>> {
  const port = (await freePort()) & ~1;
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  const { encoder, sent } = sendTime(port);
  const delays: number[] = [];
  let frame = 0;
  socket.on('message', (packet) => {
    // The marker bit ends a picture.
    if (packet[1] & 0x80) delays.push(performance.now() - sent[frame++]);
  });
  await until(() => delays.length >= 8 * RATE, 'packets');
  encoder.kill('SIGKILL');
  socket.close();
  return summary(delays.slice(2 * RATE));
}

async function latency(python: string): Promise<void> {
  console.log('sender alone, ms:', await senderDelay());
  for (const transport of ['tcp', 'udp'] as const) {
    const port = (await freePort()) & ~1;
    const caps = 'application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,payload=96';
    const server = await rtspServer(
      python,
      `( udpsrc port=${port} caps="${caps}" ! rtph264depay ! rtph264pay name=pay0 pt=96 config-interval=1 )`,
    );
    const { encoder } = sendTime(port);
    const delays: number[] = [];
    const source = openLive(`rtsp://127.0.0.1:${server.port}/cam`, { transport });
    for await (const frame of source) {
      delays.push(Date.now() - readTime(frame.y));
      frame.release();
      if (delays.length === 12 * RATE) break;
    }
    console.log(
      `drawn to delivered over RTSP/${transport}, ms:`,
      summary(delays.slice(2 * RATE)),
      'skipped',
      source.skipped,
    );
    encoder.kill('SIGKILL');
    await server.kill();
  }
}

async function kills(python: string, folder: string, count: number): Promise<void> {
  const clip = await cameraClip(join(folder, 'clip.mkv'), { seconds: 600 });
  const port = await freePort();
  let server: RtspCamera = await rtspCamera(python, clip, { port });
  const viewer = new Viewer(`rtsp://127.0.0.1:${port}/cam`, { reconnect: {} });
  const fromKill: number[] = [];
  const fromReturn: number[] = [];
  const noticed: number[] = [];
  for (let i = 0; i < count; i++) {
    await viewer.more(60);
    const killed = performance.now();
    const after = viewer.events.length;
    await server.kill();
    await viewer.event('reconnecting', after);
    noticed.push(performance.now() - killed);
    // Down for up to two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2000 * Math.random()));
    server = await rtspCamera(python, clip, { port });
    const returned = performance.now();
    await viewer.event('live', after);
    await viewer.more(1);
    fromKill.push(performance.now() - killed);
    fromReturn.push(performance.now() - returned);
  }
  console.log(`${count} kills, ms: noticed`, summary(noticed));
  console.log('frames again after the kill', summary(fromKill), 'after the return', summary(fromReturn));
  await viewer.source.close();
  await server.kill();
}

function ownDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

async function reconnects(python: string, folder: string, count: number): Promise<void> {
  // The clip ends after a moment, and with it the connection.
  const clip = await cameraClip(join(folder, 'brief.mkv'), { seconds: 0 });
  const server = await rtspCamera(python, clip);
  const url = `rtsp://127.0.0.1:${server.port}/cam`;
  const warm = new Viewer(url);
  await warm.more(1);
  await warm.source.close();
  const before = ownDescriptors();
  const viewer = new Viewer(url, { reconnect: { initialMs: 1, maxMs: 1 } });
  const lives = () => viewer.kinds().filter((kind) => kind === 'live').length;
  let last = 0;
  while (lives() <= count) {
    const goal = last + 10;
    await until(() => lives() >= Math.min(goal, count + 1), `${goal} connections`);
    last = lives();
    if (last % 20 === 0) console.log(last, 'connections,', Math.round(process.memoryUsage().rss / 1e6), 'MB');
  }
  await viewer.source.close();
  const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.startsWith('ffmpeg') && line.includes(url));
  console.log(
    `${lives() - 1} reconnects: ${left.length} ffmpeg left, descriptors ${before} -> ${ownDescriptors()}`,
  );
  await server.kill();
}

const python = await rtspPython();
if (!python) throw new Error("expected GStreamer's RTSP server for Python, got none");
const folder = mkdtempSync(join(tmpdir(), 'siamtrack-live-'));
const [what, count] = process.argv.slice(2);
try {
  if (what === 'latency') await latency(python);
  else if (what === 'kills') await kills(python, folder, Number(count ?? 10));
  else if (what === 'reconnects') await reconnects(python, folder, Number(count ?? 100));
  else throw new Error(`expected latency, kills or reconnects, got ${what}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
