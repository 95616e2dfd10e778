import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../../src/common/index.js';
import { Backoff } from '../../src/ingest/backoff.js';
import { failureCode, isHardwareFailure } from '../../src/ingest/failure.js';
import { openLive, parseSource, redactUrl } from '../../src/ingest/index.js';
import { LiveClock } from '../../src/ingest/live-clock.js';
import { liveInputOptions } from '../../src/ingest/live-input.js';
import { liveSettings } from '../../src/ingest/live-settings.js';
import { redactor } from '../../src/ingest/redact.js';
import { StreamHeader } from '../../src/ingest/stream-header.js';
import { WarningThrottle } from '../../src/ingest/warning-throttle.js';

describe('an address as it may be shown', () => {
  it.each([
    ['rtsp://admin:hunter2@10.0.0.7:554/h264?channel=1', 'rtsp://admin:***@10.0.0.7:554/h264?channel=1'],
    ['rtsp://admin@10.0.0.7/1', 'rtsp://admin@10.0.0.7/1'],
    ['rtsp://:hunter2@10.0.0.7/1', 'rtsp://:***@10.0.0.7/1'],
    ['rtsp://admin:p@ss@10.0.0.7/1', 'rtsp://admin:***@10.0.0.7/1'],
    ['rtsp://admin:pa/ss?x#y@10.0.0.7/1', 'rtsp://admin:***@10.0.0.7/1'],
    ['rtsp://[fe80::1]:554/1', 'rtsp://[fe80::1]:554/1'],
    ['http://h/v?user=a&password=b&x=1', 'http://h/v?user=a&password=***&x=1'],
    ['http://h/v?access_token=b#t', 'http://h/v?access_token=***#t'],
    ['srt://h:9000?passphrase=0123456789&mode=caller', 'srt://h:9000?passphrase=***&mode=caller'],
    ['http://h/mail@home', 'http://h/mail@home'],
    ['/videos/a:b@c.mp4', '/videos/a:b@c.mp4'],
    ['from rtsp://a:b@h/1 and http://c:d@h/2', 'from rtsp://a:***@h/1 and http://c:***@h/2'],
  ])('%s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
    expect(redactUrl(shown)).toBe(shown);
  });

  it('never holds the password, whatever it is made of', () => {
    const password = fc
      .string({ unit: 'grapheme-ascii', minLength: 4 })
      .filter((text) => !/[\s'"<>]/.test(text) && !'rtsp://admin:***@camera.lan:554/1'.includes(text));
    fc.assert(
      fc.property(password, (secret) => {
        for (const form of [secret, encodeURIComponent(secret)]) {
          // What reads as another host, port and path is an address of its own.
          fc.pre(!/^(?:\d*|.*@[\w.:-]*)[/?#]/.test(form));
          const url = `rtsp://admin:${form}@camera.lan:554/1`;
          expect(redactUrl(url)).toBe('rtsp://admin:***@camera.lan:554/1');
          expect(redactor(url)(`cannot open ${url}, password ${secret}`)).not.toContain(secret);
        }
      }),
    );
  });

  it('takes secrets out of what is said about the source, in every form they travel in', () => {
    const clean = redactor('http://admin:s%40same@camera/1?token=t0ken', [
      ...['-headers', 'Authorization: Bearer abcdef\r\nX-Camera: 1'],
      ...['-passphrase', 'longphrase'],
    ]);
    const basic = Buffer.from('admin:s@same').toString('base64');
    const said = `s%40same s@same t0ken ${basic} abcdef longphrase http://admin:s%40same@camera/2 camera`;
    expect(clean(said)).not.toMatch(/same|t0ken|abcdef|longphrase|YWRta/);
    expect(clean(said)).toContain('http://admin:***@camera/2 camera');
  });
});

describe('the form of a source', () => {
  it.each([
    ['rtsp://camera/1', 'rtsp', 'rtsp://camera/1'],
    ['RTSPS://camera/1', 'rtsp', 'RTSPS://camera/1'],
    ['rtmp://host/live/key', 'rtmp', 'rtmp://host/live/key'],
    ['https://host/a.m3u8', 'http', 'https://host/a.m3u8'],
    ['srt://host:9000', 'srt', 'srt://host:9000'],
    ['udp://239.0.0.1:5000', 'udp', 'udp://239.0.0.1:5000'],
    ['rtp://239.0.0.1:5000', 'udp', 'rtp://239.0.0.1:5000'],
    ['tcp://host:5000', 'tcp', 'tcp://host:5000'],
    ['/dev/video0', 'v4l2', '/dev/video0'],
    ['/dev/v4l/by-id/usb-camera', 'v4l2', '/dev/v4l/by-id/usb-camera'],
    ['v4l2:/dev/media', 'v4l2', '/dev/media'],
    ['avfoundation:0', 'avfoundation', '0'],
    ['dshow:video=Integrated Camera', 'dshow', 'video=Integrated Camera'],
    ['lavfi:testsrc2=rate=5', 'lavfi', 'testsrc2=rate=5'],
    ['videos/a b.mp4', 'file', 'file:videos/a b.mp4'],
    ['file:///videos/a%20b.mp4', 'file', 'file:/videos/a b.mp4'],
    ['-i', 'file', 'file:-i'],
  ])('%s', (source, form, input) => {
    expect(parseSource(source)).toMatchObject({ form, input });
  });

  it('is refused where it is none, without a word of its secrets', () => {
    for (const source of ['gopher://a:secret@b/', 'concat://a', 'constructor://a', 'ftp://a:secret@b/c']) {
      expect(() => openLive(source)).toThrow(
        expect.objectContaining({
          code: 'SOURCE_UNSUPPORTED',
          message: expect.not.stringContaining('secret'),
        }),
      );
    }
    expect(() => openLive('')).toThrow(InvalidArgumentError);
    expect(() => openLive('rtsp://a/\0b')).toThrow(InvalidArgumentError);
  });
});

describe("ffmpeg's options", () => {
  const of = (source: string, options = {}, version = 7) =>
    liveInputOptions(parseSource(source), liveSettings(options), version).join(' ');

  it('open webcams by the system they are on', () => {
    expect(of('/dev/video0', { inputOptions: ['-video_size', '1280x720'] })).toMatch(
      /-f v4l2 -video_size 1280x720$/,
    );
    expect(of('avfoundation:0')).toMatch(/-f avfoundation -framerate 30$/);
    expect(of('dshow:video=Camera')).toMatch(/-f dshow -rtbufsize 256M$/);
  });

  it('decode a live picture at once and a recording at its own speed', () => {
    expect(of('rtsp://camera/1')).toContain('-flags low_delay');
    expect(of('clip.mp4', { realtime: true, loop: true })).toMatch(/-re .*-stream_loop -1/);
    expect(of('rtsp://camera/1', { transport: 'udp' })).toContain('-rtsp_transport udp');
    expect(of('rtsp://camera/1', { hardware: 'vaapi', threads: 2 })).toContain('-threads 2 -hwaccel vaapi');
  });

  it('end an ffmpeg that nobody watches any more, after the watchdog would have', () => {
    const patience = { connectTimeout: 2000, stallTimeout: 3000 };
    expect(of('rtsp://h/1', patience)).toMatch(/-timeout 8000000$/);
    expect(of('rtsp://h/1', patience, 4.04)).toMatch(/-stimeout 8000000$/);
    for (const source of ['http://h/1', 'rtmp://h/1', 'srt://h:1', 'tcp://h:1']) {
      expect(of(source, patience)).toMatch(/-rw_timeout 8000000$/);
    }
    expect(of('udp://h:1', patience)).toMatch(/-timeout 8000000$/);
  });

  it('keep a network source from reading local files', () => {
    for (const source of ['rtsp://h/1', 'rtmp://h/1', 'http://h/1', 'srt://h:1', 'udp://h:1', 'tcp://h:1']) {
      const allowed = /-protocol_whitelist (\S+)/.exec(of(source))?.[1].split(',');
      expect(allowed).toBeDefined();
      expect(allowed).not.toContain('file');
      expect(allowed).not.toContain('concat');
    }
  });
});

describe('the clock', () => {
  it("is the container's while that goes on", () => {
    const clock = new LiveClock();
    clock.restart();
    expect([3, 3.04, 3.08].map((pts, i) => clock.tick(pts, i * 40))).toEqual([3, 3.04, 3.08]);
  });

  it('goes on by the time passed after a new connection, a jump back and a jump ahead', () => {
    const clock = new LiveClock();
    clock.tick(100, 0);
    clock.restart();
    expect(clock.tick(0, 5000)).toBeCloseTo(105);
    expect(clock.tick(0.04, 5100)).toBeCloseTo(105.04);
    expect(clock.tick(-7, 5200)).toBeCloseTo(105.14);
    expect(clock.tick(9000, 5300)).toBeCloseTo(105.24);
    expect(clock.tick(9000.04, 5310)).toBeCloseTo(105.28);
  });

  it('is the wall clock where the container says nothing', () => {
    const clock = new LiveClock();
    expect([0, 250, 300].map((wall) => clock.tick(undefined, wall))).toEqual([0, 0.25, 0.3]);
  });

  it('always grows, and never runs ahead of the wall clock by more than ten seconds a frame', () => {
    const pts = fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined });
    const step = fc.record({ pts, wait: fc.nat(20_000), restart: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2 }), (steps) => {
        const clock = new LiveClock();
        let wall = 0;
        let last: number | undefined;
        for (const { pts, wait, restart } of steps) {
          wall += wait;
          if (restart) clock.restart();
          const time = clock.tick(pts, wall);
          if (last !== undefined) {
            expect(time).toBeGreaterThan(last);
            expect(time - last).toBeLessThanOrEqual(Math.max(wait / 1000, 0.001) + 10 + 1e-6);
          }
          last = time;
        }
      }),
    );
  });
});

describe('the delay before a new attempt', () => {
  it('grows to its maximum, at the most by chance shortened, and starts anew', () => {
    fc.assert(
      fc.property(
        fc.record({
          initialMs: fc.integer({ min: 1, max: 5000 }),
          factor: fc.double({ min: 1, max: 5, noNaN: true }),
          maxMs: fc.integer({ min: 1, max: 60_000 }),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        (options) => {
          const backoff = new Backoff(options);
          for (let i = 0; i < 60; i++) {
            expect(backoff.attempt).toBe(i + 1);
            const full = Math.min(options.maxMs, options.initialMs * options.factor ** i);
            const delay = backoff.next()!;
            expect(delay).toBeLessThanOrEqual(Math.round(full));
            expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - options.jitter)));
          }
          backoff.reset();
          expect(backoff.attempt).toBe(1);
        },
      ),
    );
  });

  it('stays finite for ever, and ends after the attempts that were allowed', () => {
    const patient = new Backoff({ jitter: 0 });
    for (let i = 0; i < 5000; i++) patient.next();
    expect(patient.next()).toBe(30_000);
    const impatient = new Backoff({ attempts: 2 });
    expect(
      [impatient.next(), impatient.next(), impatient.next()].map((delay) => delay !== undefined),
    ).toEqual([true, true, false]);
  });
});

describe('what ffmpeg says', () => {
  it.each([
    ['method DESCRIBE failed: 401 Unauthorized', 'AUTH_FAILED'],
    ['HTTP error 403 Forbidden', 'AUTH_FAILED'],
    ['Server returned 404 Not Found', 'SOURCE_NOT_FOUND'],
    [
      '[video4linux2,v4l2] Cannot open video device /dev/video9: No such file or directory',
      'SOURCE_NOT_FOUND',
    ],
    ['Connection to tcp://h:1 failed: Connection refused', 'SOURCE_UNREACHABLE'],
    ['Failed to resolve hostname camera: Name or service not known', 'SOURCE_UNREACHABLE'],
    ['/dev/video0: Device or resource busy', 'SOURCE_UNREADABLE'],
    ['srt://h: Protocol not found', 'SOURCE_UNSUPPORTED'],
    ["Stream map '0:V:0' matches no streams.", 'NOT_A_VIDEO'],
    ['something else', undefined],
  ])('%s: %s', (said, code) => {
    expect(failureCode(said)).toBe(code);
  });

  it('tells hardware that fails from a camera that fails', () => {
    expect(isHardwareFailure('Device creation failed: -542398533.')).toBe(true);
    expect(
      isHardwareFailure('No device available for decoder: device type cuda needed for codec h264.'),
    ).toBe(true);
    expect(isHardwareFailure('Connection refused')).toBe(false);
  });

  it('describes the input', () => {
    const header = new StreamHeader();
    const lines = [
      "[info] Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'x.mp4':",
      '[info]   Duration: 00:01:02.50, start: 0.000000, bitrate: 1 kb/s',
      '[info]   Stream #0:0: Video: png, rgb24(pc), 100x100, 90k tbr, 90k tbn (attached pic)',
      '[info]   Stream #0:1[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 1920x1080 [SAR 1:1 DAR 16:9], 24 kb/s, 29.97 fps, 29.97 tbr, 90k tbn (default)',
      '[info]       displaymatrix: rotation of -90.00 degrees',
    ];
    expect(lines.map((line) => header.add(line))).toEqual([false, false, false, false, false]);
    expect(header.add('[info] Stream mapping:')).toBe(true);
    expect(header.add('[info]   Stream #0:0: Video: rawvideo, yuv420p, 1x1, 1 fps')).toBe(false);
    expect(header.info(1080, 1920)).toEqual({
      kind: 'live',
      width: 1080,
      height: 1920,
      frameRate: 29.97,
      duration: 62.5,
      codec: 'h264',
      rotation: 90,
    });
  });

  it('is told once a second where there is much of it', () => {
    const told: string[] = [];
    const throttle = new WarningThrottle((message) => told.push(message));
    for (let i = 0; i < 100; i++) throttle.add(`${i}`);
    expect(told).toEqual(['0']);
    throttle.close();
    expect(told).toEqual(['0', '99 (and 98 more)']);
  });
});

describe('options out of bounds', () => {
  it.each([
    { threads: 0 },
    { maxFrames: 0 },
    { stallTimeout: Number.NaN },
    { connectTimeout: 1e10 },
    { killTimeout: -1 },
    { transport: 'carrier pigeon' as 'tcp' },
    { hardware: '-i /etc/passwd' },
    { reconnect: { initialMs: -1 } },
    { reconnect: { factor: 0.5 } },
    { reconnect: { jitter: 2 } },
    { reconnect: { attempts: -1 } },
    { reconnect: { attempts: 1.5 } },
  ])('%o', (options) => {
    expect(() => openLive('lavfi:testsrc2', options)).toThrow(InvalidArgumentError);
  });
});
