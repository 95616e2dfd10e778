import { describe, expect, it } from 'vitest';
import { FfmpegLog } from '../../src/ingest/ffmpeg-log.js';

describe('the log of an ffmpeg', () => {
  it('passes over what is no complaint', () => {
    const log = new FfmpegLog();
    expect(
      log.add('[Parsed_showinfo_0 @ 0x55d0] [info] n:   3 pts:   1536 pts_time:0.12', 3),
    ).toBeUndefined();
    expect(log.add('Stream mapping:', 3)).toBeUndefined();
    expect(log).toMatchObject({ damagedAt: undefined, cut: undefined, tail: '' });
  });

  it('tells a complaint without address and level', () => {
    const log = new FfmpegLog();
    const line = '[h264 @ 0x55a3eb3d1200] [error] error while decoding MB 5 1';
    expect(log.add(line, 7)).toBe('[h264] error while decoding MB 5 1');
    expect(log.tail).toBe('[h264] error while decoding MB 5 1');
  });

  it.each([
    '[warning] cut.ts: corrupt decoded frame in stream 0',
    '[h264 @ 0x55a3] [info] concealing 48 DC, 48 AC, 48 MV errors in B frame',
    // Threads write over each other.
    '[Parsed_showinfo_0 @ 0x1] [info] color_range:unknownconcealing 48 DC, 48 AC, 48 MV errors in B frame',
    '[Parsed_showinfo_0 @ 0x1] [info] n:  33 pts: 252000 type:P concealing 1 DC, 1 AC, 1 MV errors in P frame',
  ])('knows where a frame was damaged: %s', (line) => {
    const log = new FfmpegLog();
    log.add(line, 33);
    expect(log.damagedAt).toBe(33);
    expect(log.tail).not.toBe('');
  });

  it('takes a break for the end only where nothing resumes it', () => {
    const log = new FfmpegLog();
    log.add('[https @ 0x1] [error] Stream ends prematurely at 1024, should be 4096', 9);
    expect(log.cut).toBe('[https] Stream ends prematurely at 1024, should be 4096');
    log.add('[https @ 0x1] [warning] Will reconnect at 1024 in 0 second(s), error=Input/output error.', 9);
    expect(log.cut).toBeUndefined();
  });
});
