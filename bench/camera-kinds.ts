import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../src/common/index.js';
import { Counterpart, rtspCamera, sendWithFfmpeg } from '../test/ingest/live-servers.js';

/** A kind of camera, at an address that stays: it is started, and killed through what that gives. */
export interface CameraKind {
  readonly name: string;
  readonly url: string;
  /** Starts it with a clip; resolves when it can be connected to. */
  start(clip: string): Promise<Counterpart>;
}

/** GStreamer's RTSP server. */
export function gstreamerRtsp(python: string, port: number): CameraKind {
  return {
    name: 'RTSP, GStreamer',
    url: `rtsp://127.0.0.1:${port}/cam`,
    start: (clip) => rtspCamera(python, clip, { port }),
  };
}

/** ffmpeg that waits for one viewer and is then its RTMP server. */
export function ffmpegRtmp(port: number): CameraKind {
  const url = `rtmp://127.0.0.1:${port}/live/cam`;
  return {
    name: 'RTMP, ffmpeg',
    url,
    start: async (clip) => {
      const camera = sendWithFfmpeg('-re', '-i', clip, '-c', 'copy', '-f', 'flv', '-listen', '1', url);
      while (!listens(port)) await sleep(10);
      return camera;
    },
  };
}

/** ffmpeg that sends MPEG-TS to whoever is there. It is back when it has sent something. */
export function ffmpegUdp(port: number): CameraKind {
  const url = `udp://127.0.0.1:${port}`;
  return {
    name: 'MPEG-TS over UDP, ffmpeg',
    url,
    start: async (clip) => {
      const sender = spawn(
        'ffmpeg',
        [
          ...['-hide_banner', '-nostdin', '-v', 'error', '-stats_period', '0.05', '-progress', 'pipe:1'],
          ...['-re', '-i', clip, '-c', 'copy', '-f', 'mpegts', `${url}?pkt_size=1316`],
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      await new Promise<void>((resolve, reject) => {
        sender.stdout.on('data', (text) => {
          if (/^frame=[1-9]/m.test(String(text))) resolve();
        });
        sender.once('exit', () => reject(new Error('the sender ended')));
      });
      return new Counterpart(sender);
    },
  };
}

/** Without connecting: that would be the one viewer. */
function listens(port: number): boolean {
  const place = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((table) =>
    readFileSync(table, 'latin1')
      .split('\n')
      .some((line) => {
        const [, local, , state] = line.trim().split(/\s+/);
        return state === '0A' && local.endsWith(place);
      }),
  );
}

/** The fixture there and back, again and again, as a camera codes it: no picture waits for a later one. */
export function cameraLoop(folder: string, name: string, width: number, rate: number, minutes = 30): string {
  const once = join(folder, `${name}-once.mkv`);
  const path = join(folder, `${name}.mkv`);
  const ffmpeg = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', ...args]);
  ffmpeg(
    ...['-i', join(packageRoot(), 'fixtures/clips/moving/clip.mp4'), '-filter_complex'],
    `fps=${rate},scale=${width}:-2,split[a][b];[b]reverse[r];[a][r]concat`,
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-tune',
      'zerolatency',
      '-x264-params',
      'sliced-threads=0',
    ],
    ...['-g', String(rate), '-pix_fmt', 'yuv420p', once],
  );
  // The fixture is four seconds long.
  ffmpeg('-stream_loop', String(Math.ceil((minutes * 60) / 8)), '-i', once, '-c', 'copy', path);
  return path;
}
