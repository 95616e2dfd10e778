import { createSocket } from 'node:dgram';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource } from '../../src/ingest/index.js';
import { ffmpeg, readAll, scratch } from './clips.js';
import { cameraClip, freePort, sendWithFfmpeg, until, Viewer } from './live-servers.js';

/** What this ffmpeg can read. */
const protocols = (await ffmpeg('-protocols')).toString();

let folder: string;
let remove: () => Promise<void>;
let clip: string;

beforeAll(async () => {
  ({ folder, remove } = await scratch());
  clip = await cameraClip(join(folder, 'clip.mkv'), { size: '160x120' });
});

afterAll(() => remove());

/** Serves what `listener` says on a free port until disposed. */
async function web(listener: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Serves the files of the scratch folder, with ranges; `cut` breaks each answer off after so many bytes. */
function files(cut = Number.POSITIVE_INFINITY): RequestListener {
  return async (request, response) => {
    const path = join(folder, new URL(request.url ?? '/', 'http://host').pathname);
    const size = await stat(path).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) {
      response.writeHead(404).end();
      return;
    }
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(request.headers.range ? 206 : 200, {
      'accept-ranges': 'bytes',
      'content-length': size - start,
      'content-range': `bytes ${start}-${size - 1}/${size}`,
    });
    let sent = 0;
    for await (const chunk of createReadStream(path, { start, highWaterMark: 4096 })) {
      response.write(chunk);
      sent += chunk.length;
      if (sent > cut) {
        response.destroy();
        return;
      }
    }
    response.end();
  };
}

/** Frames in order, on a growing clock. */
function expectOrder({ frames }: Viewer): void {
  for (let i = 1; i < frames.length; i++) {
    expect(frames[i].index).toBeGreaterThan(frames[i - 1].index);
    expect(frames[i].pts).toBeGreaterThan(frames[i - 1].pts);
  }
}

describe.concurrent('a network stream', () => {
  const paced = (...output: string[]) => ['-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', ...output];

  const forms = [
    { name: 'RTMP', protocol: 'rtmp', path: '/live/key', output: ['-f', 'flv', '-listen', '1'], query: '' },
    { name: 'SRT', protocol: 'srt', path: '', output: ['-f', 'mpegts'], query: '?mode=listener' },
    {
      name: 'MPEG-TS over UDP',
      protocol: 'udp',
      path: '',
      output: ['-f', 'mpegts'],
      query: '?pkt_size=1316',
    },
    { name: 'MPEG-TS over RTP', protocol: 'rtp', path: '', output: ['-f', 'rtp_mpegts'], query: '' },
    { name: 'MPEG-TS over TCP', protocol: 'tcp', path: '', output: ['-f', 'mpegts'], query: '?listen' },
  ];
  for (const { name, protocol, path, output, query } of forms) {
    const missing = !new RegExp(`^ +${protocol}$`, 'm').test(protocols);
    it.skipIf(missing)(`over ${name} is waited for and read (skipped where ffmpeg cannot)`, async () => {
      const url = `${protocol}://127.0.0.1:${await freePort()}${path}`;
      await using viewer = new Viewer(url, { connectTimeout: 20_000 });
      await viewer.event('connecting');
      await using _sender = sendWithFfmpeg(...paced(...output, `${url}${query}`));
      await viewer.more(15);
      expect((await viewer.event('live')).info).toMatchObject({ codec: 'h264', width: 160, height: 120 });
      expectOrder(viewer);
    });
  }

  it('of broken packets goes on, and tells of the damage', async () => {
    const path = join(folder, 'broken.ts');
    await ffmpeg('-i', clip, '-t', '20', '-c', 'copy', path);
    const bytes = await readFile(path);
    const port = await freePort();
    await using viewer = new Viewer(`udp://127.0.0.1:${port}`);
    const socket = createSocket('udp4');
    let offset = 0;
    let sent = 0;
    const timer = setInterval(() => {
      const packet = Buffer.from(bytes.subarray(offset, offset + 1316));
      offset = (offset + 1316) % bytes.length;
      // Every tenth is lost, every seventh holds nonsense.
      if (++sent % 10 === 0) return;
      if (sent % 7 === 0) packet.fill(0x5a, 200, 1100);
      socket.send(packet, port, '127.0.0.1');
    }, 4);
    try {
      await viewer.more(40);
      await until(() => viewer.warnings.length > 0, 'a warning');
      expectOrder(viewer);
    } finally {
      clearInterval(timer);
      socket.close();
    }
  });
});

describe.concurrent('a camera that sends pictures one by one over HTTP', () => {
  it('is read by the time of their arrival, and found again under another size', async () => {
    const pictures: Buffer[] = [];
    for (const size of ['160x120', '96x64']) {
      pictures.push(
        await ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=${size}`, '-frames:v', '1', '-f', 'mjpeg', '-'),
      );
    }
    let visits = 0;
    await using server = await web((request, response) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('me:hunter2').toString('base64')}`) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
        return;
      }
      const picture = pictures[Math.min(visits++, 1)];
      response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
      let left = 12;
      const timer = setInterval(() => {
        response.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`);
        response.write(picture);
        response.write('\r\n');
        if (visits === 1 && --left === 0) response.destroy();
      }, 50);
      response.on('close', () => clearInterval(timer));
    });
    const url = server.url.replace('://', '://me:hunter2@');
    await using viewer = new Viewer(url);
    const first = await viewer.event('live');
    expect(first.info).toMatchObject({ codec: 'mjpeg', width: 160, height: 120 });
    expect(first.info.frameRate).toBeUndefined();
    await viewer.event('reconnecting');
    expect(await viewer.event('live', viewer.events.length)).toMatchObject({
      reconnected: true,
      changed: true,
    });
    await viewer.more(5);
    expectOrder(viewer);
    const { frames } = viewer;
    expect(frames[0]).toMatchObject({ range: 'full', matrix: 'bt601' });
    const [last, end] = [frames[0], frames[frames.length - 1]];
    expect(Math.abs(end.pts - last.pts - (end.wallTime - last.wallTime) / 1000)).toBeLessThan(0.5);
    expect(JSON.stringify(viewer.events)).not.toContain('hunter2');
    await expect(openSource(url)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' });
  });
});

describe.concurrent('a playlist', () => {
  it('that grows is live, and over when it is finished', async () => {
    const playlist = join(folder, 'live.m3u8');
    await using sender = sendWithFfmpeg(
      ...['-re', '-i', clip, '-c', 'copy', '-f', 'hls', '-hls_time', '0.5', '-hls_list_size', '4', playlist],
    );
    await until(() => readFile(playlist).then(Boolean, () => false), 'the playlist');
    await using server = await web(files());
    const url = `${server.url}/live.m3u8`;
    await expect(openSource(url)).rejects.toMatchObject({ code: 'SOURCE_UNSUPPORTED' });
    await using viewer = new Viewer(url);
    await viewer.more(10);
    expectOrder(viewer);
    expect(viewer.kinds()).toEqual(['connecting', 'live']);
    expect(viewer.source.info?.duration).toBeUndefined();
    // An ffmpeg that is asked to go finishes its playlist.
    await sender.kill('SIGTERM');
    await viewer.event('ended');
    await viewer.over;
    expect(viewer.error).toBeUndefined();
  });

  it('of a recording is read whole', async () => {
    const path = join(folder, 'recording.m3u8');
    await ffmpeg(
      ...['-i', clip, '-t', '3', '-c', 'copy', '-f', 'hls', '-hls_time', '1'],
      ...['-hls_playlist_type', 'vod', path],
    );
    await using server = await web(files());
    const read = await readAll(`${server.url}/recording.m3u8`);
    expect(read.error).toBeUndefined();
    expect(read.indexes).toEqual(Array.from({ length: 75 }, (_, i) => i));
  });
});

describe.concurrent('a recording on a web server', () => {
  let path: string;

  beforeAll(async () => {
    path = join(folder, 'recording.mp4');
    await ffmpeg('-i', clip, '-t', '2', '-c', 'copy', '-movflags', '+faststart', path);
  });

  it('is read like the file, also over connections that break', async () => {
    const file = await readAll(path);
    for (const cut of [Number.POSITIVE_INFINITY, 60_000]) {
      await using server = await web(files(cut));
      const read = await readAll(`${server.url}/recording.mp4`);
      expect(read.error).toBeUndefined();
      expect(read.times).toEqual(file.times);
      expect(read.planes.equals(file.planes)).toBe(true);
    }
  });

  it('that is cut yields what there is of it, then an error that names the frame', async () => {
    const bytes = await readFile(path);
    const whole = await readAll(path);
    await using server = await web((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, Math.floor(bytes.length * 0.6)), () => response.destroy());
    });
    const read = await readAll(`${server.url}/recording.mp4`);
    expect(read.error).toMatchObject({ code: 'DECODE_FAILED', frame: read.indexes.length });
    expect(read.indexes.length).toBeGreaterThan(10);
    expect(read.indexes.length).toBeLessThan(whole.indexes.length);
  });

  it('plays at its own speed as a live source, and ends', async () => {
    await using server = await web(files());
    const started = performance.now();
    await using viewer = new Viewer(`${server.url}/recording.mp4`);
    await viewer.over;
    expect(viewer.error).toBeUndefined();
    expect(viewer.kinds()).toEqual(['connecting', 'live', 'ended']);
    expect(performance.now() - started).toBeGreaterThan(1800);
    expect(viewer.frames.length + viewer.source.skipped).toBe(50);
  });

  it.each([
    ['none.mp4', 'SOURCE_NOT_FOUND'],
    ['clip.mkv.once.mkv', undefined],
  ])('called %s: %s', async (name, code) => {
    await using server = await web(files());
    const { error } = await readAll(`${server.url}/${name}`).catch((caught) => ({ error: caught }));
    if (code) expect(error).toMatchObject({ code });
    else expect(error).toBeUndefined();
  });
});

describe.concurrent('an address without an end', () => {
  it('is not a file, and says how to open it', async () => {
    for (const url of ['rtsp://me:hunter2@camera/1', 'rtmp://camera/1', 'srt://camera:1', 'udp://camera:1']) {
      await expect(openSource(url)).rejects.toMatchObject({
        code: 'SOURCE_UNSUPPORTED',
        message: expect.stringMatching(/^(?!.*hunter2).*openLive/),
      });
    }
  });
});
