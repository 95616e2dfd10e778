import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxMessage, boxMessage } from '../../src/formats/index.js';

const frame = { index: 12, pts: 0.4800000001, wallTime: 1700000000000.4, width: 640, height: 360 };

describe('boxMessage', () => {
  it('names stream, frame, time, size and each target', () => {
    const targets = [
      { id: '1', box: [10.126, 20, 30.001, 40] as const, score: 0.87654321, state: 'tracking' as const },
    ];
    expect(boxMessage('clip.mp4', frame, targets)).toEqual({
      type: 'boxes',
      stream: 'clip.mp4',
      frame: 12,
      pts: 0.48,
      size: { width: 640, height: 360 },
      targets: [{ id: '1', box: [10.13, 20, 30, 40], score: 0.8765, state: 'tracking' }],
    });
  });

  it('tells the wall-clock time of live streams and labels where there are some', () => {
    const target = { id: '7', label: 'car', box: [0, 0, 1, 1] as const, score: 1, state: 'lost' as const };
    expect(boxMessage('cam', frame, [target], { live: true })).toMatchObject({
      time: 1700000000000,
      targets: [{ label: 'car' }],
    });
  });

  it('always satisfies its own schema', () => {
    const number = fc.double({ min: -1e5, max: 1e5, noNaN: true });
    const side = fc.double({ min: 1e-4, max: 1e5, noNaN: true });
    const target = fc.record({
      id: fc.string({ minLength: 1 }),
      box: fc.tuple(number, number, side, side),
      score: fc.double({ min: -0.001, max: 1.001, noNaN: true }),
      state: fc.constantFrom('tracking' as const, 'uncertain' as const, 'lost' as const),
    });
    fc.assert(
      fc.property(fc.array(target), fc.boolean(), (targets, live) => {
        const text = JSON.stringify(boxMessage('s', frame, targets, { live }));
        const message = JSON.parse(text);
        expect(BoxMessage.parse(message)).toEqual(message);
      }),
    );
  });
});
