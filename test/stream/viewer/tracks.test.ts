import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../src/common/index.js';
import type { PreviewHeader, StreamInfo, TargetEventMessage } from '../../../src/stream/index.js';
import { StreamView } from '../../../src/stream/viewer/stream-view.js';
import { Track, Tracks } from '../../../src/stream/viewer/tracks.js';

const box = (x: number): Box => [x, 10, 20, 20];
const target = (id: string, x: number, state: 'tracking' | 'lost' = 'tracking') => ({
  id,
  box: box(x) as [number, number, number, number],
  score: 0.9,
  state,
});

describe('the boxes of a stream', () => {
  it('are those of the very frame that is asked for, and none else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500), { minLength: 1 }), fc.nat(500), (frames, asked) => {
        const tracks = new Tracks();
        for (const frame of frames) tracks.frame({ frame, time: frame * 40, targets: [target('a', frame)] });
        expect(tracks.on(asked).map((found) => found.box)).toEqual(
          frames.includes(asked) ? [box(asked)] : [],
        );
      }),
    );
  });

  it('are replaced by what was computed anew for frames that have passed', () => {
    const tracks = new Tracks();
    for (const frame of [1, 2, 3]) tracks.frame({ frame, time: frame, targets: [target('a', frame)] });
    const anew = { box: target('', 99).box, score: 1, state: 'tracking' as const };
    tracks.history(
      'a',
      'car',
      [
        { frame: 2, pts: 0.08, ...anew },
        { frame: 3, pts: 0.12, ...anew },
      ],
      3,
    );
    // A picture that was made of frame 3 before comes only now.
    tracks.frame({ frame: 3, time: 3, targets: [target('a', 3)] });
    expect([1, 2, 3].map((frame) => tracks.on(frame)[0].box[0])).toEqual([1, 99, 99]);
    expect(tracks.on(3)[0].label).toBe('car');
  });

  it('do not come back with a late picture of a target that was removed', () => {
    const tracks = new Tracks();
    tracks.frame({ frame: 7, time: 7, targets: [target('a', 7)] });
    tracks.remove('a', 8);
    tracks.frame({ frame: 8, time: 8, targets: [target('a', 8)] });
    expect(tracks.on(8)).toEqual([]);
    tracks.frame({ frame: 9, time: 9, targets: [target('a', 9)] });
    expect(tracks.on(9)).toHaveLength(1);
  });

  it('tell since when a target has been lost', () => {
    const track = new Track();
    const states = ['tracking', 'lost', 'tracking', 'lost', 'lost'] as const;
    states.forEach((state, frame) => {
      track.put({ frame, time: frame * 40, box: box(0), score: 0, state }, false);
    });
    expect(track.lostSince(4)?.frame).toBe(3);
    expect(track.lostSince(2)).toBeUndefined();
  });

  it('are kept for so many frames only', () => {
    const track = new Track();
    for (let frame = 0; frame < 10_000; frame++)
      track.put({ frame, time: frame, box: box(0), score: 0, state: 'tracking' }, false);
    expect(track.since(0).length).toBeLessThan(2500);
    expect(track.last?.frame).toBe(9999);
    expect(track.upTo(9999, 3).map(({ frame }) => frame)).toEqual([9997, 9998, 9999]);
  });
});

describe('a stream as the page knows it', () => {
  const counts = { decoded: 10, tracked: 10, skipped: 0, reconnects: 0, stalls: 0 };
  const info: StreamInfo = {
    stream: 'road',
    source: 'a.mp4',
    kind: 'file',
    state: 'live',
    counts,
    targets: [],
  };
  const size = { width: 320, height: 240 };
  const boxes = (frame: number, time: number, targets = [target('1', frame)]) =>
    ({ type: 'boxes', stream: 'road', frame, pts: frame / 25, time, size, targets, delay: 1 }) as const;
  const preview = (frame: number, time: number): PreviewHeader => {
    const { delay: _, ...header } = boxes(frame, time);
    return { ...header, type: 'preview', picture: size };
  };

  it('shows no picture from before a jump after it', () => {
    const view = new StreamView(info);
    view.onBoxes(boxes(50, 2000), 0);
    view.onStream({ type: 'stream', event: 'sought', stream: 'road', time: 2100, info });
    expect(view.onPreview(preview(50, 2000))).toBe(false);
    view.onBoxes(boxes(3, 2200), 0);
    expect(view.onPreview(preview(50, 2000))).toBe(false);
    expect(view.onPreview(preview(3, 2200))).toBe(true);
    expect(view.tracks.on(50)).toEqual([]);
  });

  it('forgets the frames of a server that was started anew', () => {
    const view = new StreamView(info);
    view.onBoxes(boxes(50, 2000), 0);
    view.refresh({ ...info, counts: { ...counts, decoded: 2 } });
    expect(view.tracks.on(50)).toEqual([]);
    expect(view.targets).toEqual([]);
  });

  it('knows its targets from events and boxes, each in a colour of its own', () => {
    const view = new StreamView(info);
    const event = (event: TargetEventMessage['event'], id: string): TargetEventMessage => {
      const { id: name, ...at } = target(id, 5);
      return { type: 'target', event, stream: 'road', target: name, frame: 1, pts: 0, time: 0, ...at };
    };
    expect(view.onTarget(event('added', 'a'))).toBe(true);
    view.onTarget(event('added', 'b'));
    expect(new Set(['a', 'b'].map((id) => view.colours.of(id))).size).toBe(2);
    view.onBoxes(boxes(2, 80, [target('a', 1, 'lost'), target('b', 1)]), 0);
    expect(view.target('a')?.state).toBe('lost');
    view.selected = 'a';
    view.onTarget(event('removed', 'a'));
    expect(view.targets.map(({ id }) => id)).toEqual(['b']);
    expect(view.selected).toBeUndefined();
  });
});
