import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/ingest/index.js';
import { HeldFrames } from '../../../src/pipeline/live/held-frames.js';

function frames() {
  const out = new Set<number>();
  const make = (index: number, bytes = 12): Frame => ({
    ...{ width: 1, height: 1, range: 'full', matrix: 'bt601', index, pts: index, wallTime: 0 },
    ...{ y: new Uint8Array(bytes), u: new Uint8Array(0), v: new Uint8Array(0) },
    retain() {
      out.add(index);
      return this;
    },
    release: () => void out.delete(index),
  });
  return { out, make };
}

describe('HeldFrames', () => {
  it('holds the newest, by count', () => {
    const { out, make } = frames();
    const held = new HeldFrames({ count: 3, bytes: 1e6 });
    for (const index of [0, 1, 4, 5]) held.push({ frame: make(index), seconds: index });
    expect([...out]).toEqual([1, 4, 5]);
    expect([held.first?.frame.index, held.last?.frame.index]).toEqual([1, 5]);
    expect(held.get(4)?.frame.index).toBe(4);
    expect(held.get(3)).toBeUndefined();
    expect(held.after(1)?.frame.index).toBe(4);
    expect(held.after(5)).toBeUndefined();
    expect(held.countAfter(2)).toBe(2);
    held.clear();
    expect(out.size).toBe(0);
  });

  it('holds one frame even where it is larger than all it may hold', () => {
    const { make } = frames();
    const held = new HeldFrames({ count: 3, bytes: 10 });
    held.push({ frame: make(0), seconds: 0 });
    held.push({ frame: make(1), seconds: 0 });
    expect([held.length, held.bytes, held.last?.frame.index]).toEqual([1, 12, 1]);
  });

  it('never holds more than it may, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat(200),
        fc.array(fc.nat(100), { maxLength: 40 }),
        (count, bytes, sizes) => {
          const { out, make } = frames();
          const held = new HeldFrames({ count, bytes });
          for (const [index, size] of sizes.entries()) {
            held.push({ frame: make(index, size), seconds: index });
            expect(held.length).toBeLessThanOrEqual(count);
            expect(held.length === 1 || held.bytes <= bytes).toBe(true);
            expect(out.size).toBe(held.length);
            expect(held.last?.frame.index).toBe(index);
          }
        },
      ),
    );
  });
});
