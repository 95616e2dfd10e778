import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPresence, type Presence } from '../../src/tracker/presence.js';

const THRESHOLDS = { tracking: 0.5, lost: 0.2 };
const SURE: Presence = { state: 'tracking', mean: 1 };

/** The presence after some seconds of one belief. */
function outcome(seconds: number, belief: number, from: Presence = SURE, rate = 25): Presence {
  let presence = from;
  for (let k = 0; k < Math.round(seconds * rate); k++)
    presence = nextPresence(presence, belief, 1 / rate, THRESHOLDS);
  return presence;
}

describe('presence', () => {
  it('outlasts some bad frames, and falls to uncertain and then to lost as they go on', () => {
    expect(outcome(0.12, 0).state).toBe('tracking');
    expect(outcome(0.24, 0).state).toBe('uncertain');
    expect(outcome(0.6, 0).state).toBe('lost');
  });

  it('depends on the time that passes and not on the number of frames', () => {
    for (const rate of [10, 25, 100])
      expect(outcome(1, 0.1, SURE, rate).mean).toBeCloseTo(outcome(1, 0.1).mean, 9);
  });

  it('is not lost for one bad frame, however long ago the one before was', () => {
    for (const rate of [5, 1, 0.1]) {
      const frames = (count: number) => outcome(count / rate, 0, SURE, rate).state;
      expect(frames(1)).toBe('tracking');
      expect(frames(2)).toBe('uncertain');
      expect(frames(3)).toBe('lost');
    }
  });

  it('does not flicker where belief stays at a threshold', () => {
    const down = outcome(10, 0.499);
    expect(down.state).toBe('uncertain');
    const [up, over] = [outcome(10, 0.55, down), outcome(10, 0.65, down)];
    expect(up.state).toBe('uncertain');
    expect(over.state).toBe('tracking');
    expect(outcome(10, 0.501, over).state).toBe('tracking');
  });

  it('keeps its mean a probability, whatever it is told', () => {
    const belief = fc.double({ min: 0, max: 1, noNaN: true });
    const seconds = fc.double({ min: -1, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(belief, seconds)), (frames) => {
        let presence = SURE;
        for (const [b, s] of frames) presence = nextPresence(presence, b, s, THRESHOLDS);
        return presence.mean >= 0 && presence.mean <= 1;
      }),
    );
  });
});
